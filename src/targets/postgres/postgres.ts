import type pg from 'pg';
import type { Connection } from '../../model/connection.ts';
import type { Access, Context, Target } from '../target.ts';
import { type AdministerPlan, askedSchema, type Task, understandTask } from './administer.ts';
import type { Catalog } from './catalog.ts';
import { readCatalog } from './catalog-reader.ts';
import { runProblem } from './errors.ts';
import { estimate } from './estimate.ts';
import { execute } from './execute.ts';
import { createParser } from './parser.ts';
import type { Plan } from './plan.ts';
import { createPools, type Pools } from './pool.ts';
import { checkText } from './preflight.ts';
import { type Protections, protectionsOf } from './protections.ts';
import type { RouteOptions } from './route.ts';
import { schemaOf } from './schema.ts';
import { type Request, type Settings, settingsSchema } from './settings.ts';
import { createTurns } from './turns.ts';
import { checkParameterCount, type Understanding, understand } from './understand.ts';

export type PostgresDeps = RouteOptions & {
  /** Milliseconds now; for tests. */
  now?: () => number;
  /** Milliseconds a snapshot of a catalog is used for. */
  catalogAge?: number;
  /** Milliseconds after which a reply that nobody reads is given up. */
  stall?: number;
  /** Milliseconds that the rows of a write may take to be counted. */
  countFor?: number;
};

/** The catalog as of one moment, and the settings that decide how names are looked up in it. */
export type Facts = { catalog: Catalog; searchPath: readonly string[]; snapshot: number };

const plans = 2000;
/** Characters up to which a statement is kept; a larger one waits for its turn. */
const longestCached = 8192;

/**
 * PostgreSQL of any make. Statements are understood by PostgreSQL's own grammar, classified columns are masked before the
 * server computes anything from them, and what cannot be proven to keep them hidden is refused.
 */
export function createPostgres({
  allowPlaintext,
  dialInstance,
  now = Date.now,
  catalogAge = 60_000,
  stall = 30_000,
  countFor = 5000,
}: PostgresDeps): Target<Settings, Request | Task, Facts, Plan | AdministerPlan> {
  const parser = createParser();
  const pools = createPools({ allowPlaintext, dialInstance });
  const snapshots = createSnapshots((access) => inspect(access, pools, parser), now, catalogAge);
  const protections = createProtectionCache();
  const cache = new Map<string, Promise<Understanding>>();
  const turns = createTurns();

  const understood = (request: Request, facts: Facts, context: Context): Promise<Understanding> => {
    const { catalog, searchPath, snapshot } = facts;
    const ground = { catalog, searchPath, parser, context, protections: protections(catalog, context.connection) };
    if (request.statement.length > longestCached) return turns(() => understand(request, ground));
    const key = JSON.stringify([
      snapshot,
      context.connection.name,
      context.connection.version,
      [...context.unmask].sort(),
      request.statement,
    ]);
    const known = cache.get(key);
    cache.delete(key);
    const understanding = known ?? understand(request, ground);
    // Asked for last, forgotten last; what could not be read is not kept.
    cache.set(key, understanding);
    if (known === undefined) understanding.catch(() => cache.delete(key));
    if (cache.size > plans) for (const oldest of cache.keys()) if (cache.delete(oldest)) break;
    return understanding;
  };

  return {
    kind: 'postgres',
    settings: settingsSchema,
    request: askedSchema,
    inspect: snapshots.get,
    async understand(request, facts, context) {
      if ('task' in request) {
        const { catalog } = facts;
        return understandTask(request, { catalog, protections: protections(catalog, context.connection), context });
      }
      checkText(request);
      const { operation, recorded, parameters } = await understood(request, facts, context);
      checkParameterCount(parameters, request);
      return {
        ...operation,
        parameters: request.parameters,
        recorded: { statement: recorded.statement, parameters: recorded.parameters(request.parameters) },
      };
    },
    async estimate({ plan, ...operation }, access) {
      if (plan.access === 'administer') return { risks: [], estimates: {} };
      return estimate({ ...operation, plan }, access, { pools, countFor });
    },
    execute({ plan, ...operation }, access) {
      if (plan.access === 'administer') return plan.run(access, pools);
      return execute({ operation: { ...operation, plan }, access }, { pools, stall, onDrift: snapshots.drop });
    },
    schema: ({ catalog }, connection, mayTouch) =>
      schemaOf(catalog, connection, protections(catalog, connection), mayTouch),
    async close() {
      await Promise.all([parser.close(), pools.close()]);
    },
  };
}

type Snapshots = {
  get(access: Access<Settings>): Promise<Facts>;
  drop(access: Access<Settings>): void;
};

/** One snapshot for each connection, used while it is young, read by one caller for all who wait for it. */
function createSnapshots(
  read: (access: Access<Settings>) => Promise<Catalog>,
  now: () => number,
  age: number,
): Snapshots {
  const known = new Map<string, { facts: Promise<Facts>; key: string; at: number }>();
  let latest = 0;
  return {
    get(access) {
      const key = `${access.connection.version} ${access.secret.version}`;
      const current = known.get(access.connection.name);
      if (current?.key === key && now() - current.at < age) return current.facts;
      const searchPath = access.settings.search_path;
      const snapshot = ++latest;
      const facts = read(access).then((catalog) => ({ catalog, searchPath, snapshot }));
      known.set(access.connection.name, { facts, key, at: now() });
      facts.catch(() => {
        if (known.get(access.connection.name)?.facts === facts) known.delete(access.connection.name);
      });
      return facts;
    },
    drop: ({ connection }) => known.delete(connection.name),
  };
}

async function inspect(
  access: Access<Settings>,
  pools: Pools,
  parser: ReturnType<typeof createParser>,
): Promise<Catalog> {
  const client = await pools.take(access);
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const catalog = await readCatalog((sql) => fetched(client, sql), access.settings.database, parser);
    await client.query('COMMIT');
    client.release();
    return catalog;
  } catch (error) {
    client.release(true);
    throw runProblem(error);
  }
}

const rowsAtATime = 250;

async function* fetched(client: pg.PoolClient, sql: string): AsyncGenerator<unknown[]> {
  await client.query(`DECLARE catalog NO SCROLL CURSOR FOR ${sql}`);
  for (;;) {
    const { rows } = await client.query(`FETCH ${rowsAtATime} FROM catalog`);
    yield rows;
    if (rows.length < rowsAtATime) break;
  }
  await client.query('CLOSE catalog');
}

/** What a classification means for a catalog, worked out once for both. */
function createProtectionCache(): (catalog: Catalog, connection: Connection) => Protections {
  const known = new WeakMap<Catalog, Map<string, Protections>>();
  return (catalog, connection) => {
    const ofCatalog = known.get(catalog) ?? new Map<string, Protections>();
    known.set(catalog, ofCatalog);
    const key = `${connection.name} ${connection.version}`;
    const protections = ofCatalog.get(key) ?? protectionsOf(catalog, connection);
    ofCatalog.set(key, protections);
    return protections;
  };
}
