import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { unprivilegedAccount } from './account.ts';
import { findBinaries } from './binaries.ts';
import { openCluster } from './cluster.ts';
import { runServer, type Server } from './server.ts';

export type PostgresOptions = {
  /** Made when it is not there. */
  database: string;
  /** The superuser's name. */
  user?: string;
  /** 0 takes a free port. */
  port?: number;
  /** Keeps the data between starts; without it the data are removed when the server stops. */
  dir?: string;
  /** Run in the database when it is first made; several statements are one transaction. */
  initSql?: string;
  /** Told each line of the server's own log. */
  log?: (line: string) => void;
};

export type Postgres = {
  /** With the superuser's password: for psql and every driver. */
  url: string;
  port: number;
  user: string;
  password: string;
  database: string;
  stop(): Promise<void>;
};

/**
 * Resolves with a running PostgreSQL 18 on loopback that asks every client for a password. It ends with `stop()`, or by
 * itself when this process dies, however hard. Under root it runs as `nobody`, which must be able to enter `dir`.
 * Throws with PostgreSQL's own words when it cannot start; nothing is left behind then.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { database, user = 'postgres', port = 0, initSql } = options;
  const account = unprivilegedAccount();
  const home = options.dir === undefined ? await mkdtemp(join(tmpdir(), 'sallyport-postgres-')) : resolve(options.dir);
  const remove = options.dir === undefined ? [home] : [];

  let server: Server | undefined;
  try {
    const { initdb, postgres, copiedTo } = await findBinaries(account);
    if (copiedTo !== undefined) remove.push(copiedTo);
    const { data, password } = await openCluster(home, initdb, user, account);
    server = await runServer({ program: postgres, account, data, port, remove, log: options.log });

    const urlOf = (name: string) =>
      `postgres://${encodeURIComponent(user)}:${password}@127.0.0.1:${server?.port}/${encodeURIComponent(name)}`;
    await createDatabase(urlOf, database, initSql);
    return { url: urlOf(database), port: server.port, user, password, database, stop: server.stop };
  } catch (error) {
    await server?.stop();
    for (const directory of remove) await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function createDatabase(urlOf: (name: string) => string, name: string, initSql?: string): Promise<void> {
  await withClient(urlOf('postgres'), async (admin) => {
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await admin.query(`CREATE DATABASE ${admin.escapeIdentifier(name)}`);
    else if (name !== 'postgres') return;

    if (initSql === undefined) return;
    try {
      await withClient(urlOf(name), (client) => client.query(initSql));
    } catch (error) {
      // Half a database would pass for a whole one at the next start.
      await admin.query(`DROP DATABASE ${admin.escapeIdentifier(name)}`);
      throw error;
    }
  });
}

async function withClient(url: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
