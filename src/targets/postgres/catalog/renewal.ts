import { z } from 'zod';
import type { Access } from '../../target.ts';
import type { Settings } from '../settings.ts';
import type { Ask } from './ask.ts';
import { relationsNamedSql } from './catalog-sql.ts';
import type { Snapshot, Snapshots } from './snapshots.ts';

export type RenewalDeps = { access: Access<Settings>; ask: Ask; snapshots: Snapshots };

const row = z.array(z.object({ name: z.string() }));

/**
 * A younger snapshot, where the target has by now what the old one lacks; else the old one. That is asked first, as a whole
 * catalog is not to be read for every name that somebody makes up.
 */
export async function renewed(
  old: Snapshot,
  names: readonly string[],
  { access, ask, snapshots }: RenewalDeps,
): Promise<Snapshot> {
  const last = [...new Set(names.map((name) => name.slice(name.indexOf('.') + 1)))];
  const found = row.parse(await ask(access, relationsNamedSql, [last]));
  return found.some(({ name }) => !old.catalog.relations.has(name)) ? snapshots.renew(access, old) : old;
}
