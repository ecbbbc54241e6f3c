import { createHash, createHmac, verify } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyManagementServiceClient, type protos } from '@google-cloud/kms';
import { grpc } from 'google-gax';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { crc32c } from '../../../emulators/grpc/crc32c.ts';
import type { GrpcEmulator } from '../../../emulators/grpc/grpc.ts';
import { startKms } from '../../../emulators/kms/kms.ts';

const { ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED } = grpc.status;
const location = 'projects/sallyport-demo/locations/europe-west1';
const ring = `${location}/keyRings/sallyport`;
const decisions = { purpose: 'ASYMMETRIC_SIGN', versionTemplate: { algorithm: 'EC_SIGN_P256_SHA256' } } as const;
const mac = { purpose: 'MAC', versionTemplate: { algorithm: 'HMAC_SHA256' } } as const;
const message = Buffer.from('approve: delete from users');
const sha256 = createHash('sha256').update(message).digest();

let time: number;
let emulator: GrpcEmulator;
let client: KeyManagementServiceClient;

/** Google's client, unmodified. */
function connect(address: string): KeyManagementServiceClient {
  const [apiEndpoint = '', port] = address.split(':');
  return new KeyManagementServiceClient({
    apiEndpoint,
    port: Number(port),
    sslCreds: grpc.credentials.createInsecure(),
  });
}

beforeEach(async () => {
  time = Date.UTC(2026, 0, 1);
  emulator = await startKms({ now: () => time });
  client = connect(emulator.address);
  await client.createKeyRing({ parent: location, keyRingId: 'sallyport' });
});
afterEach(async () => {
  await client.close();
  await emulator.stop();
});

const createKey = async (cryptoKeyId: string, cryptoKey: protos.google.cloud.kms.v1.ICryptoKey = decisions) => {
  const [{ name }] = await client.createCryptoKey({ parent: ring, cryptoKeyId, cryptoKey });
  return `${name}/cryptoKeyVersions/1`;
};

describe('signatures', () => {
  test('what it signs verifies with the public key it gives, and nothing else does', async () => {
    const name = await createKey('decisions');

    const [{ pem }] = await client.getPublicKey({ name });
    const [{ signature }] = await client.asymmetricSign({ name, digest: { sha256 } });

    expect(verify('sha256', message, pem ?? '', Buffer.from(signature ?? ''))).toBe(true);
    expect(verify('sha256', Buffer.from('approve: drop'), pem ?? '', Buffer.from(signature ?? ''))).toBe(false);
  });

  test('a hundred signatures of a hundred digests verify, whatever their leading bits', async () => {
    const name = await createKey('decisions');
    const [{ pem }] = await client.getPublicKey({ name });
    const messages = Array.from({ length: 100 }, (_, i) => Buffer.from(`message ${i}`));

    const verified = await Promise.all(
      messages.map(async (text) => {
        const digest = { sha256: createHash('sha256').update(text).digest() };
        const [{ signature }] = await client.asymmetricSign({ name, digest });
        return verify('sha256', text, pem ?? '', Buffer.from(signature ?? ''));
      }),
    );

    expect(verified.every(Boolean)).toBe(true);
  });

  test('data are signed as their digest is', async () => {
    const name = await createKey('decisions');

    const [{ pem }] = await client.getPublicKey({ name });
    const [answer] = await client.asymmetricSign({ name, data: message, dataCrc32c: { value: crc32c(message) } });

    expect(answer.verifiedDataCrc32c).toBe(true);
    expect(verify('sha256', message, pem ?? '', Buffer.from(answer.signature ?? ''))).toBe(true);
  });

  test('checksums go both ways', async () => {
    const name = await createKey('decisions');

    const [key] = await client.getPublicKey({ name });
    const [signed] = await client.asymmetricSign({ name, digest: { sha256 }, digestCrc32c: { value: crc32c(sha256) } });
    const [unchecked] = await client.asymmetricSign({ name, digest: { sha256 } });

    expect(key).toMatchObject({ name, algorithm: 'EC_SIGN_P256_SHA256', protectionLevel: 'SOFTWARE' });
    expect(key.pemCrc32c?.value).toBe(String(crc32c(Buffer.from(key.pem ?? ''))));
    expect(signed).toMatchObject({ name, verifiedDigestCrc32c: true });
    expect(signed.signatureCrc32c?.value).toBe(String(crc32c(Buffer.from(signed.signature ?? ''))));
    expect(unchecked.verifiedDigestCrc32c).toBe(false);
  });

  test.each([
    ['a digest that is too short', { digest: { sha256: sha256.subarray(1) } }],
    ['a digest of another kind', { digest: { sha512: Buffer.alloc(64) } }],
    ['nothing', {}],
    ['both a digest and data', { digest: { sha256 }, data: message }],
    ['a digest damaged on its way', { digest: { sha256 }, digestCrc32c: { value: 1 } }],
    ['a digest with the checksum 0', { digest: { sha256 }, digestCrc32c: { value: 0 } }],
  ])('%s is not signed', async (_, request) => {
    const name = await createKey('decisions');

    await expect(client.asymmetricSign({ name, ...request })).rejects.toMatchObject({ code: INVALID_ARGUMENT });
  });
});

describe('authentication codes', () => {
  test('a code verifies, and a forged one does not', async () => {
    const name = await createKey('seal', mac);

    const [made] = await client.macSign({ name, data: message, dataCrc32c: { value: crc32c(message) } });
    const code = Buffer.from(made.mac ?? '');
    const [genuine] = await client.macVerify({ name, data: message, mac: code });
    const forged = createHmac('sha256', 'guess').update(message).digest();
    const [refused] = await client.macVerify({ name, data: message, mac: forged });

    expect(made).toMatchObject({ name, verifiedDataCrc32c: true });
    expect(code).toHaveLength(32);
    expect(genuine).toMatchObject({ success: true, verifiedSuccessIntegrity: true });
    expect(refused).toMatchObject({ success: false, verifiedSuccessIntegrity: false });
  });

  test('a key has one purpose', async () => {
    const seal = await createKey('seal', mac);
    const signing = await createKey('decisions');

    await expect(client.asymmetricSign({ name: seal, digest: { sha256 } })).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
    });
    await expect(client.getPublicKey({ name: seal })).rejects.toMatchObject({ code: FAILED_PRECONDITION });
    await expect(client.macSign({ name: signing, data: message })).rejects.toMatchObject({ code: FAILED_PRECONDITION });
  });
});

describe('versions', () => {
  test('each has a key of its own, and the old ones go on working', async () => {
    const first = await createKey('decisions');
    const parent = first.replace(/\/cryptoKeyVersions.*/, '');

    const [second] = await client.createCryptoKeyVersion({ parent });
    const [one] = await client.getPublicKey({ name: first });
    const [two] = await client.getPublicKey({ name: second.name ?? '' });
    const [listed] = await client.listCryptoKeyVersions({ parent });

    expect(second).toMatchObject({ name: `${parent}/cryptoKeyVersions/2`, state: 'ENABLED' });
    expect(one.pem).not.toBe(two.pem);
    expect(listed.map(({ name }) => name)).toEqual([first, second.name]);
  });

  test('a disabled version does not sign until it is enabled again', async () => {
    const name = await createKey('decisions');
    const set = (state: 'ENABLED' | 'DISABLED') =>
      client.updateCryptoKeyVersion({ cryptoKeyVersion: { name, state }, updateMask: { paths: ['state'] } });

    await set('DISABLED');
    await expect(client.asymmetricSign({ name, digest: { sha256 } })).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
      details: `${name} is not enabled, current state is: DISABLED.`,
    });

    await set('ENABLED');
    await expect(client.asymmetricSign({ name, digest: { sha256 } })).resolves.toBeDefined();
  });

  test('a version waits 30 days for its destruction, may be restored until then, and never after', async () => {
    const name = await createKey('decisions');
    const days = (count: number) => count * 86_400_000;

    const [scheduled] = await client.destroyCryptoKeyVersion({ name });
    expect(scheduled.state).toBe('DESTROY_SCHEDULED');
    expect(Number(scheduled.destroyTime?.seconds) * 1000).toBe(time + days(30));
    await expect(client.asymmetricSign({ name, digest: { sha256 } })).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
    });
    await expect(client.destroyCryptoKeyVersion({ name })).rejects.toMatchObject({ code: FAILED_PRECONDITION });

    time += days(29);
    const [restored] = await client.restoreCryptoKeyVersion({ name });
    expect(restored.state).toBe('DISABLED');

    await client.destroyCryptoKeyVersion({ name });
    time += days(30);
    const [destroyed] = await client.getCryptoKeyVersion({ name });
    expect(destroyed.state).toBe('DESTROYED');
    await expect(client.restoreCryptoKeyVersion({ name })).rejects.toMatchObject({ code: FAILED_PRECONDITION });
  });
});

describe('keys and rings', () => {
  test('a key says what it is for', async () => {
    await client.createCryptoKey({
      parent: ring,
      cryptoKeyId: 'decisions',
      cryptoKey: { ...decisions, labels: { team: 'security' } },
      skipInitialVersionCreation: true,
    });

    const [key] = await client.getCryptoKey({ name: `${ring}/cryptoKeys/decisions` });
    const [keys] = await client.listCryptoKeys({ parent: ring });
    const [rings] = await client.listKeyRings({ parent: location });

    expect(key).toMatchObject({ ...decisions, labels: { team: 'security' } });
    expect(keys).toEqual([key]);
    expect(rings.map(({ name }) => name)).toEqual([ring]);
    const unmade = client.getPublicKey({ name: `${key.name}/cryptoKeyVersions/1` });
    await expect(unmade).rejects.toMatchObject({ code: NOT_FOUND });
  });

  test('an id is given once', async () => {
    await createKey('decisions');

    await expect(createKey('decisions')).rejects.toMatchObject({ code: ALREADY_EXISTS });
    await expect(client.createKeyRing({ parent: location, keyRingId: 'sallyport' })).rejects.toMatchObject({
      code: ALREADY_EXISTS,
    });
  });

  test.each([
    ['no purpose', {}, INVALID_ARGUMENT],
    ['no algorithm', { purpose: 'ASYMMETRIC_SIGN' }, INVALID_ARGUMENT],
    ['an algorithm for another purpose', { ...decisions, purpose: 'MAC' }, INVALID_ARGUMENT],
    ['a rotation period', { ...decisions, rotationPeriod: { seconds: 86_400 } }, INVALID_ARGUMENT],
    ['the purpose of encryption', { purpose: 'ENCRYPT_DECRYPT' }, UNIMPLEMENTED],
    ['RSA', { ...decisions, versionTemplate: { algorithm: 'RSA_SIGN_PSS_2048_SHA256' } }, UNIMPLEMENTED],
    [
      'an HSM',
      { ...decisions, versionTemplate: { ...decisions.versionTemplate, protectionLevel: 'HSM' } },
      UNIMPLEMENTED,
    ],
  ] satisfies [string, protos.google.cloud.kms.v1.ICryptoKey, grpc.status][])(
    'a key with %s is refused',
    async (_, key, code) => {
      await expect(createKey('refused', key)).rejects.toMatchObject({ code });
    },
  );

  test.each(['', 'a b', 'a/b', 'a'.repeat(64)])('the id %j is refused', async (id) => {
    await expect(createKey(id)).rejects.toMatchObject({ code: INVALID_ARGUMENT });
  });

  test('what is not there is not found, and what is no name is refused', async () => {
    const missing = `${ring}/cryptoKeys/missing`;

    await expect(client.getKeyRing({ name: `${location}/keyRings/missing` })).rejects.toMatchObject({
      code: NOT_FOUND,
    });
    await expect(client.getCryptoKey({ name: missing })).rejects.toMatchObject({ code: NOT_FOUND });
    await expect(client.getPublicKey({ name: `${missing}/cryptoKeyVersions/1` })).rejects.toMatchObject({
      code: NOT_FOUND,
    });
    await expect(client.getPublicKey({ name: `${missing}/cryptoKeyVersions/latest` })).rejects.toMatchObject({
      code: INVALID_ARGUMENT,
    });
  });

  test('what the emulator lacks says so', async () => {
    const name = `${ring}/cryptoKeys/decisions`;

    await expect(client.encrypt({ name, plaintext: message })).rejects.toMatchObject({ code: UNIMPLEMENTED });
    await expect(client.listKeyRings({ parent: location, filter: 'name:a' })).rejects.toMatchObject({
      code: UNIMPLEMENTED,
    });
  });
});

test('keys kept in a file survive a restart, and only their owner can read it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'keys-'));
  const file = join(directory, 'keys.sqlite');
  const publicKey = async (create: boolean) => {
    const kept = await startKms({ file });
    const itsClient = connect(kept.address);
    if (create) {
      await itsClient.createKeyRing({ parent: location, keyRingId: 'sallyport' });
      await itsClient.createCryptoKey({ parent: ring, cryptoKeyId: 'decisions', cryptoKey: decisions });
    }
    const [{ pem }] = await itsClient.getPublicKey({ name: `${ring}/cryptoKeys/decisions/cryptoKeyVersions/1` });
    await itsClient.close();
    await kept.stop();
    return pem;
  };

  const before = await publicKey(true);
  const after = await publicKey(false);
  const { mode } = await stat(file);
  await rm(directory, { recursive: true });

  expect(after).toBe(before);
  expect(mode & 0o077).toBe(0);
});
