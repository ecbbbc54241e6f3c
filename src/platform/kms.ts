import type { KeyManagementServiceClient } from '@google-cloud/kms';
import { sha256 } from '../model/canonical.ts';
import { isSignedBy, p256 } from '../model/signature.ts';
import { boundedRetries } from './bounded-retries.ts';
import { crc32c } from './crc32c.ts';

/** A version of an EC P-256 key in Cloud KMS: `projects/…/cryptoKeyVersions/1`. */
export type KmsKey = {
  keyVersion: string;
  /** `host:port` of an emulator, without TLS. */
  emulatorHost?: string | undefined;
  /** Milliseconds for all tries of one request together. */
  deadline?: number;
};

/**
 * Signs text with a key that never leaves KMS. The signature is DER in base64 over the SHA-256 of the text's UTF-8.
 * Throws when KMS cannot be reached in time, or when what was sent or answered did not arrive whole.
 */
export function createKmsSigner({ keyVersion, emulatorHost, deadline = 5000 }: KmsKey) {
  const client = once(() => connect(emulatorHost));
  return {
    keyVersion,
    async sign(text: string): Promise<string> {
      const digest = Buffer.from(sha256(text), 'hex');
      const request = { name: keyVersion, digest: { sha256: digest }, digestCrc32c: { value: crc32c(digest) } };
      const [answer] = await (await client.get()).asymmetricSign(request, boundedRetries(deadline));
      const signature = bytesOf(answer.signature);
      if (answer.name !== keyVersion) throw new Error('KMS signed with another key.');
      if (answer.verifiedDigestCrc32c !== true) throw new Error('KMS did not receive the digest whole.');
      if (!isWhole(signature, answer.signatureCrc32c)) throw new Error('The signature of KMS did not arrive whole.');
      return signature.toString('base64');
    },
    close: async () => (await client.made())?.close(),
  };
}

/**
 * Tells whether a text was signed by that key version. False for any other key, text or encoding; throws when the public
 * key cannot be had. With `publicKeyPem` nothing is asked of KMS.
 */
export function createKmsVerifier({
  keyVersion,
  emulatorHost,
  deadline = 5000,
  publicKeyPem,
}: KmsKey & { publicKeyPem?: string | undefined }) {
  const key = once(async () => p256(publicKeyPem ?? (await publicKeyOf({ keyVersion, emulatorHost, deadline }))));
  return {
    keyVersion,
    async verify(text: string, signature: string, signedBy: string): Promise<boolean> {
      if (signedBy !== keyVersion) return false;
      return isSignedBy(await key.get(), text, signature);
    },
    /** As SPKI in PEM. */
    publicKey: async () => (await key.get()).export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/** The public half of a key, SPKI in PEM. Throws when it cannot be had, or did not arrive whole. */
export async function publicKeyOf({ keyVersion, emulatorHost, deadline = 5000 }: KmsKey): Promise<string> {
  const client = await connect(emulatorHost);
  try {
    const [answer] = await client.getPublicKey({ name: keyVersion }, boundedRetries(deadline));
    const pem = answer.pem ?? '';
    if (answer.name !== keyVersion) throw new Error('KMS answered with another key.');
    if (!isWhole(Buffer.from(pem), answer.pemCrc32c)) throw new Error('The public key did not arrive whole.');
    return pem;
  } finally {
    await client.close();
  }
}

/** Google's client takes a fifth of a second to load: only once it is needed. */
async function connect(emulatorHost: string | undefined): Promise<KeyManagementServiceClient> {
  const { KeyManagementServiceClient: Client } = await import('@google-cloud/kms');
  if (emulatorHost === undefined) return new Client();
  const { grpc } = (await import('google-gax')).default;
  const [host = '', port] = emulatorHost.split(':');
  return new Client({
    apiEndpoint: host,
    port: Number(port),
    sslCreds: grpc.credentials.createInsecure(),
    projectId: 'emulator',
  });
}

function bytesOf(value: Uint8Array | string | null | undefined) {
  return typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.from(value ?? []);
}

function isWhole(bytes: Uint8Array, checksum: { value?: unknown } | null | undefined) {
  return checksum !== null && checksum !== undefined && String(checksum.value) === String(crc32c(bytes));
}

/** Makes a thing at its first use. A failure is not kept: the next use tries again. */
function once<T>(make: () => Promise<T>) {
  let made: Promise<T> | undefined;
  return {
    get() {
      made ??= make().catch((error: unknown) => {
        made = undefined;
        throw error;
      });
      return made;
    },
    made: async () => made,
  };
}
