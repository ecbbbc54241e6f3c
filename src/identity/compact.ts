import { type Algorithm, algorithms } from './algorithms.ts';
import { type Refusal, refusal } from './refusal.ts';
import { type JsonObject, readJsonObject } from './strict-json.ts';

/** A token's parts, read and not yet verified. */
export type Compact = { algorithm: Algorithm; keyId: string; claims: JsonObject };

const maxTokenLength = 16 * 1024;
const maxKeyIdLength = 256;
const threeParts = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Header members that would change how the token is to be read (RFC 7515, 7516, 7797). `jku`, `jwk`, `x5u` and `x5c` change nothing: they are never read. */
const meaningChanging = ['crit', 'b64', 'zip', 'enc', 'cty'];

/** `JOSE` is what SPIFFE allows besides `JWT`. Other types (`logout+jwt`, `dpop+jwt`) are signed by the same keys for other ends. */
const types = ['jwt', 'at+jwt', 'jose'];

/**
 * The parts of a signed token in compact form (RFC 7515). Refuses what lenient decoders let pass: padding,
 * white space, bits beyond the last byte, duplicate keys, an absent signature, encryption, and all that is
 * longer than 16 KiB.
 */
export function readCompact(token: string): Compact {
  if (token.length > maxTokenLength) throw refusal('too-long');
  const parts = token.split('.', 6);
  if (parts[2] === 'SIGNATURE_REMOVED_BY_GOOGLE') throw refusal('signature-removed');
  if (parts.length === 5) throw refusal('encrypted');
  if (!threeParts.test(token)) throw refusal('malformed');
  const [header, claims] = parts.map(decodeExactly);
  const { algorithm, keyId } = readHeader(readObject(header, 'header'));
  return { algorithm, keyId, claims: readObject(claims, 'not-json') };
}

function decodeExactly(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) throw refusal('malformed');
  return bytes;
}

function readObject(bytes: Buffer | undefined, reason: Refusal): JsonObject {
  const object = bytes && readJsonObject(bytes);
  if (object === undefined) throw refusal(reason);
  return object;
}

function readHeader(header: JsonObject) {
  if (meaningChanging.some((name) => name in header)) throw refusal('header');
  if (header.typ !== undefined && !(typeof header.typ === 'string' && types.includes(header.typ.toLowerCase())))
    throw refusal('header');
  const algorithm = algorithms.find((known) => known === header.alg);
  if (algorithm === undefined) throw refusal('algorithm');
  return { algorithm, keyId: readKeyId(header.kid) };
}

/** Opaque: it only ever selects a key by equality. */
function readKeyId(kid: unknown): string {
  if (typeof kid !== 'string' || kid === '' || kid.length > maxKeyIdLength) throw refusal('key-id');
  return kid;
}
