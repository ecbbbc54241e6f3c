import { generateKeyPairSync, sign } from 'node:crypto';
import { KeyManagementServiceClient } from '@google-cloud/kms';
import { grpc } from 'google-gax';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GrpcEmulator } from '../../emulators/grpc/grpc.ts';
import { startKms } from '../../emulators/kms/kms.ts';
import { crc32c } from '../../src/platform/crc32c.ts';
import { createKmsSigner, createKmsVerifier } from '../../src/platform/kms.ts';

const location = 'projects/p/locations/global';
const text = '{"approval":"apr_1","decision":"approve"}';

let emulator: GrpcEmulator;
let client: KeyManagementServiceClient;
let keyVersion: string;
let otherVersion: string;

beforeAll(async () => {
  emulator = await startKms();
  const [apiEndpoint = '', port] = emulator.address.split(':');
  client = new KeyManagementServiceClient({
    apiEndpoint,
    port: Number(port),
    sslCreds: grpc.credentials.createInsecure(),
  });
  await client.createKeyRing({ parent: location, keyRingId: 'r' });
  keyVersion = await createKey('decisions');
  otherVersion = await createKey('others');
});
afterAll(async () => {
  await client.close();
  await emulator.stop();
});

async function createKey(cryptoKeyId: string) {
  const versionTemplate = { algorithm: 'EC_SIGN_P256_SHA256' } as const;
  const cryptoKey = { purpose: 'ASYMMETRIC_SIGN', versionTemplate } as const;
  const [{ name }] = await client.createCryptoKey({ parent: `${location}/keyRings/r`, cryptoKeyId, cryptoKey });
  return `${name}/cryptoKeyVersions/1`;
}

describe('with KMS', () => {
  test('what the signer signed the verifier accepts, and nothing else', async () => {
    const signer = createKmsSigner({ keyVersion, emulatorHost: emulator.address });
    const verifier = createKmsVerifier({ keyVersion, emulatorHost: emulator.address });

    const signature = await signer.sign(text);

    expect(await verifier.verify(text, signature, keyVersion)).toBe(true);
    expect(await verifier.verify(`${text} `, signature, keyVersion)).toBe(false);
    expect(await verifier.verify(text, signature, otherVersion)).toBe(false);
    await signer.close();
  });

  test('a KMS that cannot be reached is told in time', async () => {
    const signer = createKmsSigner({ keyVersion, emulatorHost: '127.0.0.1:1', deadline: 300 });

    await expect(signer.sign(text)).rejects.toThrow();
    await signer.close();
  });

  test('the signature of another key of the same project is not accepted', async () => {
    const other = createKmsSigner({ keyVersion: otherVersion, emulatorHost: emulator.address });
    const verifier = createKmsVerifier({ keyVersion, emulatorHost: emulator.address });

    const signature = await other.sign(text);

    expect(await verifier.verify(text, signature, keyVersion)).toBe(false);
    await other.close();
  });

  test('a key that is not there is a failure, for signing and for verifying', async () => {
    const missing = {
      keyVersion: `${location}/keyRings/r/cryptoKeys/none/cryptoKeyVersions/1`,
      emulatorHost: emulator.address,
    };
    const signer = createKmsSigner(missing);

    await expect(signer.sign(text)).rejects.toThrow();
    await expect(createKmsVerifier(missing).verify(text, 'AAAA', missing.keyVersion)).rejects.toThrow();
    await signer.close();
  });
});

describe('with a public key at hand', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKeyPem = String(publicKey.export({ type: 'spki', format: 'pem' }));
  const verifier = createKmsVerifier({ keyVersion: 'k/1', publicKeyPem });
  const signed = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'der' });

  test.each([
    ['DER in base64', signed.toString('base64'), true],
    ['base64 with a space', `${signed.toString('base64')} `, false],
    ['base64url', signed.toString('base64url'), false],
    [
      'the form of JWS (r and s)',
      sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64'),
      false,
    ],
    ['a byte too many', Buffer.concat([signed, Buffer.of(0)]).toString('base64'), false],
    ['another hash', sign('sha512', Buffer.from(text), privateKey).toString('base64'), false],
    ['nothing', '', false],
  ])('a signature as %s: %s', async (_, signature, accepted) => {
    expect(await verifier.verify(text, signature, 'k/1')).toBe(accepted);
  });

  test('a key of another curve is refused', async () => {
    const wrong = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey;
    const pem = String(wrong.export({ type: 'spki', format: 'pem' }));

    await expect(
      createKmsVerifier({ keyVersion: 'k/1', publicKeyPem: pem }).verify(text, 'AAAA', 'k/1'),
    ).rejects.toThrow('P-256');
  });
});

test('the checksum is that of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});
