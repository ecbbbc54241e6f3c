import { createHash } from 'node:crypto';

/** The Merkle tree hash of RFC 6962, section 2.1, with SHA-256. Lower-case hex; of no leaves it is the hash of nothing. */
export function merkleRoot(leaves: readonly (string | Uint8Array)[]): string {
  return rootOf(leaves.map((leaf) => hash(leafPrefix, leaf))).toString('hex');
}

const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);

/** The left half is the largest power of two below the count, so that equal trees have equal subtrees. */
function rootOf(hashes: readonly Buffer[]): Buffer {
  const [first] = hashes;
  if (first === undefined) return hash();
  if (hashes.length === 1) return first;
  const middle = 2 ** Math.floor(Math.log2(hashes.length - 1));
  return hash(nodePrefix, rootOf(hashes.slice(0, middle)), rootOf(hashes.slice(middle)));
}

function hash(...parts: (string | Uint8Array)[]): Buffer {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
}
