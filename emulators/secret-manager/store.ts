import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { openStorage } from '../grpc/storage.ts';

const secretRow = z.object({
  name: z.string(),
  created: z.number(),
  revision: z.number(),
  /** JSON of what callers may set. */
  settings: z.string(),
});
const versionRow = z.object({
  secret: z.string(),
  number: z.number(),
  state: z.enum(['ENABLED', 'DISABLED', 'DESTROYED']),
  created: z.number(),
  destroyed: z.number().nullable(),
  revision: z.number(),
  checksummed: z.number(),
  data: z.instanceof(Uint8Array).nullable(),
});

export type SecretRow = z.infer<typeof secretRow>;
export type VersionRow = z.infer<typeof versionRow>;
export type Store = ReturnType<typeof openStore>;

const schema = `
  CREATE TABLE IF NOT EXISTS secrets (
    name TEXT PRIMARY KEY, created INTEGER NOT NULL, revision INTEGER NOT NULL, settings TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS versions (
    secret TEXT NOT NULL REFERENCES secrets ON DELETE CASCADE, number INTEGER NOT NULL, state TEXT NOT NULL,
    created INTEGER NOT NULL, destroyed INTEGER, revision INTEGER NOT NULL, checksummed INTEGER NOT NULL, data BLOB,
    PRIMARY KEY (secret, number)
  ) STRICT;`;

/** Secrets and their versions. Times are milliseconds since 1970; a revision grows with every change and makes the etag. */
export function openStore(file?: string) {
  const db = openStorage(schema, file);
  return { ...secretsIn(db), ...versionsIn(db), close: () => db.close() };
}

function secretsIn(db: DatabaseSync) {
  const find = db.prepare('SELECT * FROM secrets WHERE name = ?');
  const list = db.prepare(`SELECT * FROM secrets WHERE name LIKE ? || '/secrets/%' ORDER BY created DESC, name`);
  const put = db.prepare(`INSERT INTO secrets (name, created, revision, settings) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET revision = excluded.revision, settings = excluded.settings`);
  const remove = db.prepare('DELETE FROM secrets WHERE name = ?');
  return {
    secret: (name: string): SecretRow | undefined => secretRow.optional().parse(find.get(name)),
    secretsOf: (project: string): SecretRow[] => z.array(secretRow).parse(list.all(project)),
    putSecret: (row: SecretRow) => put.run(row.name, row.created, row.revision, row.settings),
    removeSecret: (name: string) => remove.run(name),
  };
}

function versionsIn(db: DatabaseSync) {
  const find = db.prepare('SELECT * FROM versions WHERE secret = ? AND number = ?');
  const list = db.prepare('SELECT * FROM versions WHERE secret = ? ORDER BY number DESC');
  const put = db.prepare('INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  return {
    version: (secret: string, number: number): VersionRow | undefined =>
      versionRow.optional().parse(find.get(secret, number)),
    /** The newest first. */
    versionsOf: (secret: string): VersionRow[] => z.array(versionRow).parse(list.all(secret)),
    putVersion: (v: VersionRow) =>
      put.run(v.secret, v.number, v.state, v.created, v.destroyed, v.revision, v.checksummed, v.data),
  };
}
