import { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { grpc } from 'google-gax';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GrpcEmulator, invalid, serveGrpc } from '../../emulators/grpc/grpc.ts';
import { startSecretManager } from '../../emulators/secret-manager/secret-manager.ts';
import { crc32c } from '../../src/platform/crc32c.ts';
import { createSecretReader } from '../../src/platform/secret-manager.ts';

const projectId = 'sallyport-demo';
const parent = `projects/${projectId}`;
const name = `${parent}/secrets/crm`;

describe('with the emulated service', () => {
  let emulator: GrpcEmulator;
  let operator: SecretManagerServiceClient;
  beforeEach(async () => {
    emulator = await startSecretManager();
    const [apiEndpoint = '', port] = emulator.address.split(':');
    const sslCreds = grpc.credentials.createInsecure();
    operator = new SecretManagerServiceClient({ projectId, apiEndpoint, port: Number(port), sslCreds });
    await operator.createSecret({ parent, secretId: 'crm', secret: { replication: { automatic: {} } } });
  });
  afterEach(async () => {
    await operator.close();
    await emulator.stop();
  });

  const read = (asked = name) => createSecretReader({ projectId, emulatorHost: emulator.address })(asked);
  const add = (value: string) => operator.addSecretVersion({ parent: name, payload: { data: Buffer.from(value) } });

  test('the newest version is read, and named by its number', async () => {
    await add('first');
    await add('pässwörd\n');

    expect(await read()).toEqual({
      value: 'pässwörd\n',
      version: expect.stringMatching(/\/secrets\/crm\/versions\/2$/),
    });
  });

  test('a version that is named is the one that is read', async () => {
    await add('first');
    await add('second');

    expect(await read(`${name}/versions/1`)).toMatchObject({ value: 'first' });
    expect(await read(`${name}/versions/latest`)).toMatchObject({ value: 'second' });
  });

  test('one reader sees a rotation', async () => {
    const reader = createSecretReader({ projectId, emulatorHost: emulator.address });
    await add('first');
    await reader(name);

    await add('second');

    expect(await reader(name)).toMatchObject({ value: 'second' });
  });

  test('a disabled version, a secret without versions and one that does not exist are errors', async () => {
    await expect(read()).rejects.toThrow();
    await add('first');
    await operator.disableSecretVersion({ name: `${name}/versions/1` });

    await expect(read()).rejects.toThrow();
    await expect(read(`${parent}/secrets/none`)).rejects.toThrow(/NOT_FOUND/);
  });
});

describe('with a service that misbehaves', () => {
  type Answer = { name?: string; payload?: { data?: Buffer; dataCrc32c?: string } };
  const right: Answer = {
    name: `${name}/versions/3`,
    payload: { data: Buffer.from('hunter2'), dataCrc32c: String(crc32c(Buffer.from('hunter2'))) },
  };

  async function readFrom(answer: () => Answer, asked = name) {
    const server = await serveGrpc({
      descriptors: '@google-cloud/secret-manager/build/protos/protos.json',
      service: 'google.cloud.secretmanager.v1.SecretManagerService',
      methods: { AccessSecretVersion: answer },
      port: 0,
    });
    try {
      return await createSecretReader({ projectId, emulatorHost: server.address, deadline: 2000 })(asked);
    } finally {
      await server.stop();
    }
  }

  test('what arrives whole is accepted', async () => {
    expect(await readFrom(() => right)).toEqual({ value: 'hunter2', version: `${name}/versions/3` });
  });

  const noText = Buffer.from([0xff, 0xfe]);
  test.each<[string, Answer, RegExp]>([
    ['a wrong checksum', { ...right, payload: { ...right.payload, dataCrc32c: '1' } }, /whole/],
    ['no checksum', { ...right, payload: { data: Buffer.from('hunter2') } }, /whole/],
    ['no payload', { name: `${name}/versions/3` }, /whole/],
    ['another secret', { ...right, name: `${parent}/secrets/other/versions/3` }, /another secret/],
    ['no name', { ...right, name: '' }, /another secret/],
    [
      'no UTF-8',
      { ...right, payload: { data: noText, dataCrc32c: String(crc32c(noText)) } },
      /encoded data was not valid/,
    ],
  ])('an answer with %s is an error that does not hold the secret', async (_, answer, message) => {
    const thrown = await readFrom(() => answer).catch((error: unknown) => error);

    expect(thrown).toBeInstanceOf(Error);
    expect(String(thrown)).toMatch(message);
    expect(String(thrown)).not.toContain('hunter2');
  });

  test('another version than was asked for is an error', async () => {
    await expect(readFrom(() => right, `${name}/versions/2`)).rejects.toThrow(/another secret/);
  });

  test('one that is briefly unavailable is asked again', async () => {
    let tries = 0;
    const answer = () => {
      if (++tries === 1) throw unavailable();
      return right;
    };

    expect(await readFrom(answer)).toMatchObject({ value: 'hunter2' });

    expect(tries).toBe(2);
  });

  test('one that cannot be reached is given up on at the deadline', async () => {
    const reader = createSecretReader({ projectId, emulatorHost: '127.0.0.1:1', deadline: 500 });

    await expect(reader(name)).rejects.toThrow();
  });
});

/** The server refuses with the gRPC code that clients try again on. */
function unavailable() {
  return Object.assign(invalid('busy'), { code: grpc.status.UNAVAILABLE });
}
