import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { openStorage } from '../grpc/storage.ts';

const ringRow = z.object({ name: z.string(), created: z.number() });
const keyRow = z.object({
  name: z.string(),
  created: z.number(),
  purpose: z.enum(['ASYMMETRIC_SIGN', 'MAC']),
  algorithm: z.enum(['EC_SIGN_P256_SHA256', 'HMAC_SHA256']),
  /** How long a version waits for its destruction. */
  destroy_after: z.number(),
  labels: z.string(),
});
const versionRow = z.object({
  key: z.string(),
  number: z.number(),
  state: z.enum(['ENABLED', 'DISABLED', 'DESTROY_SCHEDULED', 'DESTROYED']),
  created: z.number(),
  /** When it is, or was, due. */
  destroy: z.number().nullable(),
  /** PKCS #8, or the bytes of a MAC key. */
  material: z.instanceof(Uint8Array).nullable(),
});

export type KeyRow = z.infer<typeof keyRow>;
export type VersionRow = z.infer<typeof versionRow>;
export type Store = ReturnType<typeof openStore>;

const schema = `
  CREATE TABLE IF NOT EXISTS rings (name TEXT PRIMARY KEY, created INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS keys (
    name TEXT PRIMARY KEY, created INTEGER NOT NULL, purpose TEXT NOT NULL, algorithm TEXT NOT NULL,
    destroy_after INTEGER NOT NULL, labels TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS versions (
    key TEXT NOT NULL REFERENCES keys, number INTEGER NOT NULL, state TEXT NOT NULL, created INTEGER NOT NULL,
    destroy INTEGER, material BLOB, PRIMARY KEY (key, number)
  ) STRICT;`;

/** Key rings, keys and versions, none of which is ever deleted. Times and spans are in milliseconds. */
export function openStore(file?: string) {
  const db = openStorage(schema, file);
  return { ...ringsAndKeysIn(db), ...versionsIn(db), close: () => db.close() };
}

function ringsAndKeysIn(db: DatabaseSync) {
  const ring = db.prepare('SELECT * FROM rings WHERE name = ?');
  const rings = db.prepare(`SELECT * FROM rings WHERE name LIKE ? || '/keyRings/%' ORDER BY name`);
  const addRing = db.prepare('INSERT INTO rings VALUES (?, ?)');
  const key = db.prepare('SELECT * FROM keys WHERE name = ?');
  const keys = db.prepare(`SELECT * FROM keys WHERE name LIKE ? || '/cryptoKeys/%' ORDER BY name`);
  const addKey = db.prepare('INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?)');
  return {
    ring: (name: string) => ringRow.optional().parse(ring.get(name)),
    ringsOf: (location: string) => z.array(ringRow).parse(rings.all(location)),
    addRing: (name: string, created: number) => addRing.run(name, created),
    key: (name: string): KeyRow | undefined => keyRow.optional().parse(key.get(name)),
    keysOf: (ringName: string): KeyRow[] => z.array(keyRow).parse(keys.all(ringName)),
    addKey: (k: KeyRow) => addKey.run(k.name, k.created, k.purpose, k.algorithm, k.destroy_after, k.labels),
  };
}

function versionsIn(db: DatabaseSync) {
  const version = db.prepare('SELECT * FROM versions WHERE key = ? AND number = ?');
  const versions = db.prepare('SELECT * FROM versions WHERE key = ? ORDER BY number');
  const put = db.prepare('INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?, ?, ?)');
  const destroy = db.prepare(`UPDATE versions SET state = 'DESTROYED', material = NULL
    WHERE state = 'DESTROY_SCHEDULED' AND destroy <= ?`);
  return {
    version: (key: string, number: number): VersionRow | undefined =>
      versionRow.optional().parse(version.get(key, number)),
    versionsOf: (key: string): VersionRow[] => z.array(versionRow).parse(versions.all(key)),
    putVersion: (v: VersionRow) => put.run(v.key, v.number, v.state, v.created, v.destroy, v.material),
    destroyDue: (now: number) => destroy.run(now),
  };
}
