import { Problem } from '../../model/problem.ts';
import type { Proxy as HttpProxy } from '../../proxy/proxy.ts';
import type { Access } from '../target.ts';
import { type Api, apiFor } from './api/api.ts';
import { isReason } from './api/failure.ts';
import { dryRun } from './api/jobs.ts';
import { readTables } from './api/tables.ts';
import { vetDatasets } from './datasets.ts';
import type { DryRun, Facts, Statement } from './plan.ts';
import type { Settings } from './settings.ts';
import { emptiedOf, hiddenOf, namedTables } from './texts.ts';

/** Milliseconds that what was learnt of a statement is used for: it is understood twice in one call, and asked again when it was approved. */
const AGE = 10_000;
const MOST = 200;

export type Inspect = (access: Access<Settings>, statement: Statement) => Promise<Facts>;

/** What BigQuery says of statements, kept for a moment. */
export function createInspect({ proxy, now }: { proxy: HttpProxy; now: () => number }): Inspect {
  const known = new Map<string, { facts: Promise<Facts>; until: number }>();

  return async (access, statement) => {
    const { connection, secret, settings } = access;
    const key = JSON.stringify([connection.name, connection.version, secret.version, settings, statement]);
    const kept = known.get(key);
    // Another's failure, or its leaving, is not this caller's.
    const shared = kept !== undefined && kept.until > now() ? await kept.facts.catch(() => undefined) : undefined;
    if (shared !== undefined) return shared;
    const facts = learn(apiFor(access, proxy), statement, access);
    known.set(key, { facts, until: now() + AGE });
    // What was given up with its caller, or failed, is not kept for another.
    facts.catch(() => known.delete(key));
    if (known.size > MOST) for (const oldest of known.keys()) if (known.delete(oldest)) break;
    return facts;
  };
}

async function learn(api: Api, statement: Statement, { settings, connection }: Access<Settings>): Promise<Facts> {
  const first = await dryRun(api, statement, settings);
  const names = [...first.referencedTables, ...(first.target === undefined ? [] : [first.target])];
  const tables = await readTables(api, [...names, ...namedTables(statement, settings)]);
  vetDatasets([...names, ...first.referencedRoutines, ...tables.map(({ name }) => name)], settings);
  const tried = (text: string | undefined) =>
    text === undefined ? undefined : dryRunOrNothing(api, { ...statement, text }, settings);
  const [emptied, hidden] = await Promise.all([
    tried(emptiedOf(statement, tables, settings)),
    tried(hiddenOf(statement, tables, { connection, settings })),
  ]);
  return { dryRun: first, tables, ...(emptied !== undefined && { emptied }), ...(hidden !== undefined && { hidden }) };
}

/** Where even that cannot be read, nothing is proven. */
async function dryRunOrNothing(api: Api, statement: Statement, settings: Settings): Promise<DryRun | undefined> {
  try {
    return await dryRun(api, statement, settings);
  } catch (thrown) {
    if (thrown instanceof Problem && ['invalidQuery', 'invalid', 'notFound'].some((each) => isReason(thrown, each)))
      return undefined;
    throw thrown;
  }
}
