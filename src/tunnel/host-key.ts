import { createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import { Secret } from '../model/secret.ts';

/** The key that a tunnel's SSH server proves itself with. */
export type HostKey = {
  /** In OpenSSH's own format, as `ssh2` reads no other for Ed25519. */
  private: Secret;
  /** As it stands in a `known_hosts` file: `ssh-ed25519 AAAA…`. */
  public: string;
};

const TYPE = 'ssh-ed25519';
const INFO = 'sallyport tunnel host key';
/** What stands before the seed in the PKCS #8 of an Ed25519 key (RFC 8410, 7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The same Ed25519 key (RFC 8032) on each instance of a deployment: derived by HKDF-SHA256 (RFC 5869) from its seal key, which cannot be
 * told from it. It changes with the seal key, and clients that pinned it must then pin the new one.
 */
export function createHostKey(sealKey: string): HostKey {
  const seed = Buffer.from(hkdfSync('sha256', sealKey, '', INFO, 32));
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const point = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  const blob = Buffer.concat([text(TYPE), text(point)]);
  return {
    private: new Secret(opensshKey(seed, point, blob), 'derived from the seal key'),
    public: `${TYPE} ${blob.toString('base64')}`,
  };
}

/** OpenSSH's `PROTOCOL.key`, not encrypted: it never leaves the process. */
function opensshKey(seed: Buffer, point: Buffer, blob: Buffer): string {
  const check = Buffer.alloc(8);
  const pair = Buffer.concat([check, text(TYPE), text(point), text(Buffer.concat([seed, point])), text('')]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, (8 - (pair.length % 8)) % 8);
  const key = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[text('none'), text('none'), text(''), Buffer.from([0, 0, 0, 1])],
    text(blob),
    text(Buffer.concat([pair, padding])),
  ]);
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${key.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** A `string` of SSH (RFC 4251, 5): its length, then its bytes. */
function text(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
