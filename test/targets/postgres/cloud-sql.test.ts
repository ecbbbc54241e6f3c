import { readFileSync, writeFileSync } from 'node:fs';
import { Connector } from '@google-cloud/cloud-sql-connector';
import { OAuth2Client } from 'google-auth-library';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Postgres as Server, startPostgres } from '../../../emulators/postgres/postgres.ts';
import type { Connection } from '../../../src/model/connection.ts';
import { connectionSchema } from '../../../src/model/documents.ts';
import { Secret } from '../../../src/model/secret.ts';
import { createInstanceDialer } from '../../../src/platform/cloud-sql.ts';
import { createPostgres } from '../../../src/targets/postgres/postgres.ts';
import { rowsOf } from '../../fakes/batches.ts';
import { aCaller } from '../../fakes/caller.ts';
import { type FakeInstance, startFakeInstance } from '../../fakes/cloud-sql.ts';
import { unkeptTranscript } from '../../fakes/transcript.ts';

/** Google's own connector, against an instance and an Admin API of this machine: the real service was not reached. */

const name = 'shop:europe-west1:crm';
const account = 'reader@shop.iam.gserviceaccount.com';

let server: Server;
let instance: FakeInstance;
let admin: pg.Client;

beforeAll(async () => {
  server = await startPostgres({ database: 'crm', initSql: 'CREATE TABLE orders AS SELECT 7 AS id' });
  admin = new pg.Client(server.url);
  await admin.connect();
  await admin.query(`CREATE ROLE "reader@shop.iam" LOGIN; GRANT SELECT ON orders TO "reader@shop.iam"`);
  await trust(admin, 'reader@shop.iam');
  instance = await startFakeInstance({ name, postgresPort: server.port, address: '127.83.0.7' });
});

afterAll(async () => {
  await instance?.stop();
  await admin?.end();
  await server?.stop();
});

beforeEach(() => void instance.asked.splice(0));

/** Cloud SQL itself has checked who comes with IAM database login. */
async function trust(client: pg.Client, role: string) {
  const { rows } = await client.query('SHOW hba_file');
  const file: string = rows[0].hba_file;
  writeFileSync(file, `host all "${role}" 127.0.0.1/32 trust\n${readFileSync(file, 'utf8')}`);
  await client.query('SELECT pg_reload_conf()');
}

const ownToken = new OAuth2Client();
ownToken.setCredentials({ access_token: 'of-the-gateway', expiry_date: Date.now() + 3_000_000 });

/** A target that reaches `instance` through the real connector; what the connector is closed for is counted. */
function aTarget() {
  const state = { closed: 0 };
  const dialInstance = createInstanceDialer(async (options) => {
    const connector = new Connector({ auth: ownToken, ...options, sqlAdminAPIEndpoint: instance.adminApi });
    return {
      getOptions: (wanted) => connector.getOptions(wanted),
      close() {
        state.closed += 1;
        connector.close();
      },
    };
  });
  return { target: createPostgres({ allowPlaintext: false, dialInstance }), state };
}

const tokenSecret = (token: string, version = token) =>
  new Secret(
    JSON.stringify({ service_account: account, token, expires_at: new Date(Date.now() + 3_000_000).toISOString() }),
    version,
  );

type Target = ReturnType<typeof aTarget>['target'];

function accessTo(target: Target, secret: Secret, settings: object = {}, signal = new AbortController().signal) {
  const parsed = target.settings.parse({ instance: name, database: 'crm', ...settings });
  const document = connectionSchema.parse({
    kind: 'postgres',
    settings: {},
    credential: { service_account: account },
    unclassified: 'allow',
  });
  const connection: Connection = {
    name: 'crm',
    version: '1',
    document,
    classification: new Map(),
    transforms: new Map(),
  };
  return { connection, settings: parsed, secret, signal, limits: {}, caller: aCaller(), transcript: unkeptTranscript };
}

async function run(target: Target, access: ReturnType<typeof accessTo>, statement: string) {
  const facts = await target.inspect(access);
  const context = { connection: access.connection, unmask: [], seal: () => '«»', tokenKey: () => new Uint8Array(32) };
  const operation = await target.understand({ statement, parameters: [] }, facts, context);
  const { batches } = await target.execute(operation, access);
  const rows = [];
  for await (const batch of batches) rows.push(...rowsOf(batch));
  return rows;
}

describe('a Cloud SQL instance', () => {
  test('is reached as a service account by its token, without any password', async () => {
    const { target } = aTarget();
    const before = instance.accepted();

    const rows = await run(
      target,
      accessTo(target, tokenSecret('of-the-reader')),
      'SELECT id, session_user FROM orders',
    );

    expect(rows).toEqual([[7, 'reader@shop.iam']]);
    expect(instance.accepted()).toBeGreaterThan(before);
    expect(instance.asked.map(({ bearer }) => bearer)).toEqual(instance.asked.map(() => 'Bearer of-the-reader'));
    expect(instance.asked.at(-1)).toMatchObject({ loginToken: 'of-the-reader' });
    await target.close();
  });

  test('is reached by the gateway with a password from Secret Manager, of which Google hears nothing', async () => {
    const { target } = aTarget();
    const secret = new Secret(JSON.stringify({ username: server.user, password: server.password }), '1');

    const rows = await run(target, accessTo(target, secret), 'SELECT id FROM orders');

    expect(rows).toEqual([[7]]);
    expect(instance.asked.every(({ bearer }) => bearer === 'Bearer of-the-gateway')).toBe(true);
    expect(instance.asked.every(({ loginToken }) => loginToken === undefined)).toBe(true);
    await target.close();
  });

  test('is asked to cancel what nobody waits for any more', async () => {
    const { target } = aTarget();
    const controller = new AbortController();
    const access = accessTo(target, tokenSecret('t'), {}, controller.signal);
    const slow = run(target, access, 'SELECT sum(g) FROM generate_series(1, 100000000000) g');
    slow.catch(() => {});
    const active = async () =>
      (
        await admin.query(
          `SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%sum(g)%' AND pid <> pg_backend_pid()`,
        )
      ).rows.length;
    await expect.poll(active, { timeout: 10_000 }).toBe(1);

    controller.abort();

    await expect(slow).rejects.toMatchObject({ code: 'timeout' });
    await expect.poll(active, { timeout: 10_000 }).toBe(0);
    await target.close();
  });

  test('is reached anew with the next token, and the connector of the old one is closed', async () => {
    const { target, state } = aTarget();
    await run(target, accessTo(target, tokenSecret('first')), 'SELECT id FROM orders');

    await run(target, accessTo(target, tokenSecret('second')), 'SELECT id FROM orders');

    expect(instance.asked.at(-1)).toMatchObject({ loginToken: 'second' });
    await expect.poll(() => state.closed, { timeout: 10_000 }).toBe(1);
    await target.close();
    expect(state.closed).toBe(2);
  });

  test.each([
    ['that does not exist', { instance: 'shop:europe-west1:none' }],
    ['that has no address of the kind asked for', { ip: 'public' }],
    ['of another region', { instance: 'shop:europe-west4:crm' }],
  ])(
    '%s is told without a word of the connector',
    async (_, settings) => {
      const { target } = aTarget();

      const failed = run(target, accessTo(target, tokenSecret('t'), settings), 'SELECT id FROM orders');

      await expect(failed).rejects.toMatchObject({
        code: 'target-unavailable',
        detail: expect.stringContaining('roles/cloudsql.client'),
      });
      await target.close();
    },
    30_000,
  );
});

describe('settings', () => {
  test.each([
    ['neither a host nor an instance', {}],
    ['both a host and an instance', { host: '10.0.0.5', instance: name }],
    ['an instance that is no name of one', { instance: 'crm' }],
    ['an unknown kind of address', { instance: name, ip: 'any' }],
  ])('with %s are refused', (_, settings) => {
    const { target } = aTarget();

    expect(target.settings.safeParse({ database: 'crm', ...settings }).success).toBe(false);
  });

  test('a token is never sent to a server that has not proven who it is', async () => {
    const { target } = aTarget();
    const access = accessTo(target, tokenSecret('t'), { instance: undefined, host: '127.0.0.1', tls: 'disable' });

    await expect(target.inspect(access)).rejects.toMatchObject({
      code: 'target-unavailable',
      detail: expect.stringContaining('verify-full'),
    });
  });
});
