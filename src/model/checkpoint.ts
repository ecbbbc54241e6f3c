import { z } from 'zod';
import { canonicalJson, sha256 } from './canonical.ts';
import { merkleRoot } from './merkle.ts';

/** A signed statement of how far every chain had come: what a checkpoint covers cannot be cut, changed or put aside unseen. */

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

/** The last event of a chain that is known to be durable. */
export const chainHeadSchema = z.strictObject({
  chain: z.string(),
  seq: count,
  hash: digest,
  /** Nothing will follow. A chain is in every checkpoint from its first to the one that says so, and in none after. */
  closed: z.boolean(),
});
export type ChainHead = z.output<typeof chainHeadSchema>;

/** What is signed, as canonical JSON (RFC 8785). */
export const checkpointBodySchema = z.strictObject({
  type: z.literal('sallyport-checkpoint'),
  version: z.literal(1),
  /** From 0, without gaps. */
  number: count,
  time: z.iso.datetime(),
  /** The instance that made it. */
  keeper: z.string(),
  /** SHA-256 of the body before; 64 zeros for the first. */
  previous: digest,
  /** RFC 6962 over `leafOf` each head, in the order of their chains' names. */
  root: digest,
  /** How many heads. */
  heads: count,
  /** How many events all chains together have had by now, those of closed chains included. */
  events: count,
  /** Events before that day may have been deleted, as retention has it; null where everything is kept. */
  retained_from: z.iso.date().nullable(),
  /** The same of recordings. */
  recordings_from: z.iso.date().nullable(),
});
export type CheckpointBody = z.output<typeof checkpointBodySchema>;

/** A row of `sallyport_audit.checkpoints`; `body` is the exact text that is signed, `heads` the heads as JSON text. */
export const checkpointSchema = z.strictObject({
  /** `cp_…`, told from its number. */
  checkpoint: z.string(),
  number: count,
  time: z.iso.datetime(),
  keeper: z.string(),
  /** SHA-256 of `body`. */
  hash: digest,
  body: z.string(),
  heads: z.string(),
  /** ECDSA P-256 over SHA-256 of `body`, DER in base64. */
  signature: z.string(),
  /** The KMS key version that signed. */
  key: z.string(),
});
export type Checkpoint = z.output<typeof checkpointSchema>;

export const noCheckpoint = '0'.repeat(64);

export const checkpointId = (number: number) => `cp_${String(number).padStart(10, '0')}`;

const leafOf = (head: ChainHead) => canonicalJson(head);

/** The root over the heads, whatever order they come in. */
export function rootOf(heads: readonly ChainHead[]): string {
  return merkleRoot(inOrder(heads).map(leafOf));
}

/** By the UTF-16 code units of the chains' names. */
export function inOrder(heads: readonly ChainHead[]): ChainHead[] {
  return [...heads].sort((one, other) => (one.chain < other.chain ? -1 : one.chain > other.chain ? 1 : 0));
}

/** What is stored of a checkpoint, but for its signature. */
export function checkpointOf(body: CheckpointBody, heads: readonly ChainHead[]): Omit<Checkpoint, 'signature' | 'key'> {
  const text = canonicalJson(body);
  const { number, time, keeper } = body;
  return {
    checkpoint: checkpointId(number),
    ...{ number, time, keeper },
    hash: sha256(text),
    body: text,
    heads: canonicalJson(inOrder(heads)),
  };
}
