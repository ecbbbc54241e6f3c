import { writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** A database in a file that only its owner can read, or in memory when there is none. */
export function openStorage(schema: string, file?: string): DatabaseSync {
  // SQLite's journals take the mode of the file they belong to.
  if (file !== undefined) writeFileSync(file, '', { flag: 'a', mode: 0o600 });
  const database = new DatabaseSync(file ?? ':memory:');
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; ${schema}`);
  return database;
}
