import { createHash } from 'node:crypto';
import { z } from 'zod';

/** The kinds of host keys that are accepted, and the signatures that each may make: none with SHA-1, no DSA. */
const signatures = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
} as const;
type KeyKind = keyof typeof signatures;
export type HostKeyAlgorithm = (typeof signatures)[KeyKind][number];

/** A host key that was pinned: its fingerprint, and of which kind it is where that is known. */
export type Pin = { fingerprint: string; kind?: KeyKind };

/** `SHA256:…` as `ssh-keygen -l` prints it, or a public key as it stands in `ssh_host_*_key.pub` and in `known_hosts` after the names. */
export const pinSchema = z
  .string()
  .max(8192)
  .transform((text, context): Pin => {
    const pin = pinOf(text.trim());
    if (pin !== undefined) return pin;
    context.addIssue('a public host key of ed25519, ECDSA or RSA, or its fingerprint: SHA256:…');
    return z.NEVER;
  });

function pinOf(text: string): Pin | undefined {
  if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(text)) return { fingerprint: text };
  const [, kind = '', encoded = ''] = /^([a-z0-9-]+) ([A-Za-z0-9+/]+={0,2})( [^\r\n]*)?$/.exec(text) ?? [];
  const blob = Buffer.from(encoded, 'base64');
  return isKeyKind(kind) && kindOf(blob) === kind ? { fingerprint: fingerprintOf(blob), kind } : undefined;
}

const isKeyKind = (kind: string): kind is KeyKind => Object.hasOwn(signatures, kind);

/** What a blob says of itself (RFC 4253, 6.6). */
function kindOf(blob: Buffer): string {
  return blob.length < 4 ? '' : blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
}

/** How the host may sign: as one of the pinned keys can, so that it never offers another of its keys. */
export function algorithmsOf(pins: readonly Pin[]): HostKeyAlgorithm[] {
  const isAnyKind = pins.some(({ kind }) => kind === undefined);
  const kinds = Object.keys(signatures).filter(isKeyKind);
  const pinned = kinds.filter((kind) => isAnyKind || pins.some((pin) => pin.kind === kind));
  return pinned.flatMap((kind) => signatures[kind]);
}

export const isPinned = (blob: Uint8Array, pins: readonly Pin[]) =>
  pins.some(({ fingerprint }) => fingerprint === fingerprintOf(blob));

/** As `ssh-keygen -l` prints it. */
export const fingerprintOf = (blob: Uint8Array) =>
  `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
