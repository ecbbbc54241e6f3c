import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { type CallOptions, grpc } from 'google-gax';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GrpcEmulator } from '../../../emulators/grpc/grpc.ts';
import { startSecretManager } from '../../../emulators/secret-manager/secret-manager.ts';

const { ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED } = grpc.status;
const parent = 'projects/sallyport-demo';
const replication = { automatic: {} };

let emulator: GrpcEmulator;
let client: SecretManagerServiceClient;

/** Google's client, unmodified. */
function connect(address: string): SecretManagerServiceClient {
  const [apiEndpoint = '', port] = address.split(':');
  return new SecretManagerServiceClient({
    apiEndpoint,
    port: Number(port),
    sslCreds: grpc.credentials.createInsecure(),
    projectId: 'sallyport-demo',
  });
}

beforeEach(async () => {
  emulator = await startSecretManager();
  client = connect(emulator.address);
});
afterEach(async () => {
  await client.close();
  await emulator.stop();
});

const create = async (secretId = 'crm', secret: object = { replication }) => {
  const [made] = await client.createSecret({ parent, secretId, secret });
  return made.name ?? '';
};
const add = async (secret: string, text: string) => {
  const [made] = await client.addSecretVersion({ parent: secret, payload: { data: Buffer.from(text) } });
  return made.name ?? '';
};
const access = async (name: string) => {
  const [{ payload }] = await client.accessSecretVersion({ name });
  return Buffer.from(payload?.data ?? '').toString();
};

describe('payloads', () => {
  test('what was added is what is read, by number and as the latest, with its checksum', async () => {
    const secret = await create();
    await add(secret, 'hunter2');
    await add(secret, '123456789');

    const [latest] = await client.accessSecretVersion({ name: `${secret}/versions/latest` });

    expect(latest.name).toBe(`${secret}/versions/2`);
    expect(latest.payload?.data?.toString()).toBe('123456789');
    expect(String(latest.payload?.dataCrc32c)).toBe('3808858755'); // the check value of CRC-32C
    expect(await access(`${secret}/versions/1`)).toBe('hunter2');
  });

  test('a payload damaged on its way is refused, a whole one is noted as verified', async () => {
    const secret = await create();
    const data = Buffer.from('123456789');

    const damaged = client.addSecretVersion({ parent: secret, payload: { data, dataCrc32c: 1 } });
    await expect(damaged).rejects.toMatchObject({ code: INVALID_ARGUMENT });
    const [whole] = await client.addSecretVersion({ parent: secret, payload: { data, dataCrc32c: 3808858755 } });

    expect(whole).toMatchObject({ name: `${secret}/versions/1`, clientSpecifiedPayloadChecksum: true });
  });

  test('64 KiB fit, one byte more does not, and nothing at all does not', async () => {
    const secret = await create();

    await expect(add(secret, 'x'.repeat(65_536))).resolves.toBe(`${secret}/versions/1`);
    await expect(add(secret, 'x'.repeat(65_537))).rejects.toMatchObject({ code: INVALID_ARGUMENT });
    await expect(add(secret, '')).rejects.toMatchObject({ code: INVALID_ARGUMENT });
  });
});

describe('versions', () => {
  test('a disabled version cannot be read until it is enabled again', async () => {
    const name = await add(await create(), 'hunter2');

    const [disabled] = await client.disableSecretVersion({ name });
    expect(disabled.state).toBe('DISABLED');
    await expect(access(name)).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
      details: `Secret Version [${name}] is in DISABLED state.`,
    });

    await client.enableSecretVersion({ name });
    expect(await access(name)).toBe('hunter2');
  });

  test('the latest version is the newest, even when it is disabled and an older one is not', async () => {
    const secret = await create();
    await add(secret, 'old');
    await client.disableSecretVersion({ name: await add(secret, 'new') });

    await expect(access(`${secret}/versions/latest`)).rejects.toMatchObject({ code: FAILED_PRECONDITION });
  });

  test('a destroyed version never comes back, and its number is not given again', async () => {
    const secret = await create();
    const name = await add(secret, 'hunter2');

    const [destroyed] = await client.destroySecretVersion({ name });

    expect(destroyed.state).toBe('DESTROYED');
    expect(destroyed.destroyTime).not.toBeNull();
    await expect(access(name)).rejects.toMatchObject({ code: FAILED_PRECONDITION });
    await expect(client.enableSecretVersion({ name })).rejects.toMatchObject({ code: FAILED_PRECONDITION });
    expect(await add(secret, 'next')).toBe(`${secret}/versions/2`);
  });

  test('an alias reads the version it names', async () => {
    const secret = await create();
    await add(secret, 'one');
    await add(secret, 'two');

    await client.updateSecret({
      secret: { name: secret, versionAliases: { live: 1 } },
      updateMask: { paths: ['version_aliases'] },
    });

    expect(await access(`${secret}/versions/live`)).toBe('one');
  });

  test('they are listed with the newest first, a page at a time', async () => {
    const secret = await create();
    for (const text of ['a', 'b', 'c']) await add(secret, text);

    const all: (string | null | undefined)[] = [];
    const inPages = client.listSecretVersionsAsync({ parent: secret, pageSize: 2 }, { autoPaginate: false });
    for await (const { name } of inPages) all.push(name);
    const [first, , { nextPageToken }] = await client.listSecretVersions(
      { parent: secret, pageSize: 2 },
      { autoPaginate: false },
    );

    expect(all).toEqual([3, 2, 1].map((number) => `${secret}/versions/${number}`));
    expect(first).toHaveLength(2);
    expect(nextPageToken).toEqual(expect.stringMatching(/./));
  });
});

describe('secrets', () => {
  test('they are named by the number of the project, and found by its id too', async () => {
    const name = await create();

    const [byId] = await client.getSecret({ name: `${parent}/secrets/crm` });
    const [byNumber] = await client.getSecret({ name });

    expect(name).toMatch(/^projects\/\d{12}\/secrets\/crm$/);
    expect(byId).toEqual(byNumber);
    expect(byId).toMatchObject({ name, replication: { automatic: {} }, labels: {} });
  });

  test('a list holds all those of the project, and no others', async () => {
    for (const id of ['a', 'b', 'c']) await create(id);
    await client.createSecret({ parent: 'projects/another-project', secretId: 'd', secret: { replication } });

    const [all] = await client.listSecrets({ parent });

    expect(all.map(({ name }) => name?.split('/').at(-1)).sort()).toEqual(['a', 'b', 'c']);
  });

  test('only what the mask names is updated', async () => {
    const name = await create('crm', { replication, labels: { team: 'crm' }, annotations: { note: 'kept' } });

    const secret = { name, labels: { team: 'sales' }, annotations: { note: 'lost' } };
    const [updated] = await client.updateSecret({ secret, updateMask: { paths: ['labels'] } });

    expect(updated).toMatchObject({ labels: { team: 'sales' }, annotations: { note: 'kept' } });
  });

  test('an update or a deletion by somebody who saw an older state is refused', async () => {
    const [seen] = await client.createSecret({ parent, secretId: 'crm', secret: { replication } });
    const { name = '', etag = '' } = seen;
    const secret = { name, etag, labels: { a: 'b' } };
    const update = () => client.updateSecret({ secret, updateMask: { paths: ['labels'] } });

    await update();

    await expect(update()).rejects.toMatchObject({ code: FAILED_PRECONDITION });
    const deletion = client.deleteSecret({ name, etag });
    await expect(deletion).rejects.toMatchObject({ code: FAILED_PRECONDITION });
  });

  test('a deleted secret is gone with its versions, and its id is free', async () => {
    const name = await create();
    await add(name, 'hunter2');

    await client.deleteSecret({ name });

    await expect(client.getSecret({ name })).rejects.toMatchObject({ code: NOT_FOUND });
    await create();
    await expect(access(`${name}/versions/1`)).rejects.toMatchObject({ code: NOT_FOUND });
  });
});

describe('refusals', () => {
  test('an id is given once', async () => {
    const name = await create();

    await expect(create()).rejects.toMatchObject({
      code: ALREADY_EXISTS,
      details: `Secret [${name}] already exists.`,
    });
  });

  test.each(['', 'a b', 'a/b', 'ä', 'a'.repeat(256)])('the id %j is refused', async (secretId) => {
    await expect(create(secretId)).rejects.toMatchObject({ code: INVALID_ARGUMENT });
  });

  test.each([
    ['no replication', {}, INVALID_ARGUMENT],
    ['a bad label', { replication, labels: { Team: 'x' } }, INVALID_ARGUMENT],
    ['topics', { replication, topics: [{ name: 'projects/p/topics/t' }] }, UNIMPLEMENTED],
    ['an expiry', { replication, ttl: { seconds: 60 } }, UNIMPLEMENTED],
  ])('a secret with %s is refused', async (_, secret, code) => {
    await expect(create('crm', secret)).rejects.toMatchObject({ code });
  });

  test('what is not there is not found', async () => {
    const secret = await create();

    await expect(access(`${secret}/versions/latest`)).rejects.toMatchObject({ code: NOT_FOUND });
    await add(secret, 'x');
    await expect(access(`${secret}/versions/9`)).rejects.toMatchObject({ code: NOT_FOUND });
    await expect(access(`${secret}/versions/nickname`)).rejects.toMatchObject({ code: NOT_FOUND });
    await expect(add(`${parent}/secrets/other`, 'x')).rejects.toMatchObject({ code: NOT_FOUND });
  });

  test.each(['projects/UPPER/secrets/a', 'projects/sallyport-demo/secrets/a%20b', 'projects/_/secrets/a'])(
    'the name %j is refused',
    async (name) => {
      await expect(client.getSecret({ name })).rejects.toMatchObject({ code: INVALID_ARGUMENT });
    },
  );

  test('a forged page token, a negative page and an empty mask are refused', async () => {
    const name = await create();
    const auto = { autoPaginate: false } satisfies CallOptions;

    await expect(client.listSecrets({ parent, pageToken: 'x' }, auto)).rejects.toMatchObject({
      code: INVALID_ARGUMENT,
    });
    await expect(client.listSecrets({ parent, pageSize: -1 }, auto)).rejects.toMatchObject({ code: INVALID_ARGUMENT });
    await expect(client.updateSecret({ secret: { name } })).rejects.toMatchObject({ code: INVALID_ARGUMENT });
  });

  test('what the emulator lacks says so', async () => {
    const name = await create();

    await expect(client.getIamPolicy({ resource: name })).rejects.toMatchObject({ code: UNIMPLEMENTED });
  });
});

test('secrets kept in a file survive a restart, and only their owner can read it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'secrets-'));
  const file = join(directory, 'secrets.sqlite');
  const first = await startSecretManager({ file });
  const before = connect(first.address);
  const [secret] = await before.createSecret({ parent, secretId: 'crm', secret: { replication } });
  await before.addSecretVersion({ parent: secret.name ?? '', payload: { data: Buffer.from('kept') } });
  await before.close();
  await first.stop();

  const second = await startSecretManager({ file });
  const after = connect(second.address);
  const [{ payload }] = await after.accessSecretVersion({ name: `${secret.name}/versions/latest` });
  const { mode } = await stat(file);
  await after.close();
  await second.stop();
  await rm(directory, { recursive: true });

  expect(payload?.data?.toString()).toBe('kept');
  expect(mode & 0o077).toBe(0);
});
