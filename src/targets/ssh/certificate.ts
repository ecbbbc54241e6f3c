import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { CERTIFIED, type Certified, string } from './internals.ts';

/** The key of a certificate authority: its public half as sshd knows it, and how it signs. */
export type Authority = { publicKey: Uint8Array; key: KeyObject };

export type CertificateRequest = {
  /** What sshd's log will say: who it is for. */
  id: string;
  principals: readonly string[];
  /** For how long it can be used to log in, from now on. */
  seconds: number;
  now: Date;
  /** What it lets its holder do beside running programs: nothing that is not needed. */
  extensions: readonly ('permit-port-forwarding' | 'permit-pty')[];
};

/** Clocks differ: it was good this long before it was made. */
const SKEW_SECONDS = 60;
const USER = 1;

/**
 * A user certificate for a key that was just made and is nowhere else, as OpenSSH reads it (PROTOCOL.certkeys).
 */
export function issueCertificate(authority: Authority, request: CertificateRequest): Certified {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const seconds = Math.floor(request.now.getTime() / 1000);
  const unsigned = Buffer.concat([
    string(CERTIFIED),
    string(randomBytes(32)),
    string(rawOf(publicKey)),
    randomBytes(8),
    uint32(USER),
    string(request.id),
    string(Buffer.concat(request.principals.map(string))),
    uint64(seconds - SKEW_SECONDS),
    uint64(seconds + request.seconds),
    string(''),
    string(Buffer.concat(request.extensions.toSorted().flatMap((name) => [string(name), string('')]))),
    string(''),
    string(authority.publicKey),
  ]);
  const certificate = Buffer.concat([unsigned, string(signatureOf(authority.key, unsigned))]);
  return { certificate, sign: (data: Uint8Array) => sign(null, data, privateKey) };
}

/** RFC 8709, RFC 8332, RFC 5656. */
function signatureOf(key: KeyObject, data: Uint8Array): Buffer {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return Buffer.concat([string('ssh-ed25519'), string(sign(null, data, key))]);
    case 'rsa':
      return Buffer.concat([string('rsa-sha2-512'), string(sign('sha512', data, key))]);
    default:
      return ecdsaSignature(key, data);
  }
}

const curves: Readonly<Record<string, readonly [name: string, hash: string]>> = {
  prime256v1: ['nistp256', 'sha256'],
  secp384r1: ['nistp384', 'sha384'],
  secp521r1: ['nistp521', 'sha512'],
};

function ecdsaSignature(key: KeyObject, data: Uint8Array): Buffer {
  const [name, hash] = curves[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? [];
  if (name === undefined || hash === undefined) throw new Error('Not a key that can sign certificates.');
  const both = sign(hash, data, { key, dsaEncoding: 'ieee-p1363' });
  const halves = [both.subarray(0, both.length / 2), both.subarray(both.length / 2)];
  return Buffer.concat([string(`ecdsa-sha2-${name}`), string(Buffer.concat(halves.map(mpint)))]);
}

/** A positive number without leading zeros, but one where it would else be read as negative. */
function mpint(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Buffer.alloc(0) : Buffer.from(bytes.subarray(first));
  return string((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

const rawOf = (key: KeyObject) => Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
