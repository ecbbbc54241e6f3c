import type pg from 'pg';
import type { Connection, Limits } from '../../model/connection.ts';
import type { Operation } from '../../model/operation.ts';
import type { Rows } from '../../model/result.ts';
import type { Access, Context, Target } from '../target.ts';
import { type AdministerPlan, askedSchema, type Task, understandTask } from './administer/administer.ts';
import { createAsk, inTransaction } from './catalog/ask.ts';
import type { Catalog, Relation } from './catalog/catalog.ts';
import { readCatalog } from './catalog/catalog-reader.ts';
import { renewed } from './catalog/renewal.ts';
import { schemaOf } from './catalog/schema.ts';
import { detailsSchema, detailsSql } from './catalog/schema-details.ts';
import { createSnapshots, type Snapshot } from './catalog/snapshots.ts';
import { estimate } from './changes/estimate.ts';
import { execute, isDrift } from './execute.ts';
import { outlineOf } from './language/outline.ts';
import { createParser } from './language/parser.ts';
import { checkText } from './language/preflight.ts';
import { createTurns } from './language/turns.ts';
import type { Plan } from './plan.ts';
import { type Protections, protectionsOf } from './rules/protections.ts';
import { createPools } from './session/pool.ts';
import type { RouteOptions } from './session/route.ts';
import { type Request, type Settings, settingsSchema } from './settings.ts';
import { createShapes } from './shapes.ts';
import { checkAtMost, checkParameterCount, type Understanding, understand } from './understand.ts';

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

/** A snapshot of the catalog, and a younger one if relations of these names (`schema.name`) are there by now. */
export type Facts = { snapshot: Snapshot; renewed: (names: readonly string[]) => Promise<Snapshot> };

const plans = 2000;
/** Characters up to which a statement is kept; a larger one waits for its turn. */
const longestCached = 8192;

/**
 * PostgreSQL of any make. A statement is understood (`understand.ts`), proven (`prove.ts`) and run (`execute.ts`); the rooms beside them:
 * `language` the grammar and what a statement names · `catalog` the snapshot and its drift · `rules` what may be read, called and written ·
 * `masks` what stands in the place of what is hidden · `trail` what of a statement may be recorded · `changes` how much a write changes ·
 * `definitions` DDL · `session` the way to the server and the wire · `results` from the wire to JSON · `administer` classify and grants.
 * Statements are understood by PostgreSQL's own grammar, classified columns are masked before the
 * server computes anything from them, and what cannot be proven to keep them hidden is refused.
 */
export function createPostgres({
  allowPlaintext,
  dialInstance,
  now = Date.now,
  catalogAge = 60_000,
  stall = 30_000,
  countFor = 5000,
}: PostgresDeps): Target<Settings, Request | Task, Facts, Plan | AdministerPlan, Rows> {
  const parser = createParser();
  const pools = createPools({ allowPlaintext, dialInstance });
  const ask = createAsk(pools);
  const catalogIn = (client: pg.PoolClient, access: Access<Settings>) =>
    readCatalog((sql) => fetched(client, sql), access.settings.database, parser);
  const read = (access: Access<Settings>) => inTransaction(pools, access, (client) => catalogIn(client, access));
  const snapshots = createSnapshots({ read, now, age: catalogAge });
  const protections = createProtectionCache();
  const cache = new Map<string, Promise<Understanding>>();
  const shapes = createShapes();
  const turns = createTurns();
  /** How each plan was come to, so that it can be come to again. */
  const origins = new WeakMap<Plan, { snapshot: Snapshot; context: Context; operation: Meaning }>();

  const understood = (
    request: Request,
    snapshot: Snapshot,
    context: Context,
  ): Promise<Understanding> | Understanding => {
    const { catalog, searchPath } = snapshot;
    const { connection, unmask } = context;
    const { statement } = request;
    const base = { snapshot, key: JSON.stringify([connection.name, connection.version, [...unmask].sort()]) };
    const outline = outlineOf(statement);
    const found = outline && shapes.find(statement, outline, base);
    if (found !== undefined) return found;

    const inFull = async () => {
      const ground = { catalog, searchPath, parser, context, protections: protections(catalog, connection) };
      const result = await understand(request, ground, outline);
      if (outline !== undefined) shapes.learn(statement, outline, base, result);
      return result.understanding;
    };
    if (statement.length > longestCached) return turns(inFull);
    const key = JSON.stringify([snapshot.number, base.key, statement]);
    const known = cache.get(key);
    cache.delete(key);
    const understanding = known ?? inFull();
    // Asked for last, forgotten last; what could not be read is not kept.
    cache.set(key, understanding);
    if (known === undefined) understanding.catch(() => cache.delete(key));
    if (cache.size > plans) for (const oldest of cache.keys()) if (cache.delete(oldest)) break;
    return understanding;
  };

  const run = (operation: Operation<Plan>, access: Access<Settings> & { limits: Limits }) =>
    execute({ operation, access }, { pools, stall, onDrift: drop, readCatalog: catalogIn });

  const drop = (access: Access<Settings>, plan: Plan) => {
    snapshots.drop(access, plan.access === 'define' ? undefined : origins.get(plan)?.snapshot);
  };

  /**
   * A statement on the catalog as it is now, if that changes nothing of what was decided and recorded. Nothing of it has run by then,
   * and a human's yes is not lost to what others did meanwhile.
   */
  async function understoodAgain(
    operation: Operation<Plan>,
    access: Access<Settings>,
  ): Promise<Operation<Plan> | undefined> {
    const { statement, plan } = operation;
    const origin = origins.get(plan);
    if (origin === undefined) return undefined;
    const snapshot = await snapshots.get(access);
    const { operation: now } = await understood({ statement, parameters: [] }, snapshot, origin.context);
    if (now.unprovable !== undefined || meaningOf(now) !== meaningOf(origin.operation) || !isAbout(now.plan, plan))
      return undefined;
    origins.set(now.plan, { ...origin, snapshot });
    return { ...operation, plan: now.plan };
  }

  return {
    kind: 'postgres',
    settings: settingsSchema,
    request: askedSchema,
    async inspect(access) {
      const snapshot = await snapshots.get(access);
      return { snapshot, renewed: (names) => renewed(snapshot, names, { access, ask, snapshots }) };
    },
    async understand(request, facts, context) {
      if ('task' in request) {
        const { catalog } = facts.snapshot;
        return understandTask(request, { catalog, protections: protections(catalog, context.connection), context });
      }
      checkText(request);
      let { snapshot } = facts;
      let understanding = await understood(request, snapshot, context);
      if (understanding.missing.length > 0) {
        snapshot = await facts.renewed(understanding.missing);
        understanding = await understood(request, snapshot, context);
      }
      const { operation, recorded, names, parameters } = understanding;
      checkParameterCount(parameters, request);
      checkAtMost(operation, request);
      origins.set(operation.plan, { snapshot, context, operation });
      return {
        ...operation,
        ...(request.at_most !== undefined && { atMost: request.at_most }),
        parameters: request.parameters,
        recorded: {
          statement: recorded.statement,
          parameters: recorded.parameters(request.parameters),
          resources: names,
          ...(recorded.returns(request.parameters) && { returned: true }),
        },
      };
    },
    async estimate({ plan, ...operation }, access) {
      if (plan.access === 'administer' || !isCounted(operation)) return { risks: [], estimates: {} };
      return estimate({ ...operation, plan }, access, { pools, countFor });
    },
    async execute({ plan, ...rest }, access) {
      if (plan.access === 'administer') return plan.run(access, pools);
      const operation = { ...rest, plan };
      try {
        return await run(operation, access);
      } catch (error) {
        const again = isDrift(error) ? await understoodAgain(operation, access) : undefined;
        if (again === undefined) throw error;
        return run(again, access);
      }
    },
    schema({ snapshot: { catalog } }, question, access) {
      const { connection } = access;
      const details = async (relations: readonly Relation[]) =>
        detailsSchema.parse(await ask(access, detailsSql, [relations.map(({ oid }) => oid)]));
      const ground = { catalog, connection, protections: protections(catalog, connection), detailsOf: details };
      return schemaOf(ground, question);
    },
    async close() {
      await Promise.all([parser.close(), pools.close()]);
    },
  };
}

const isCounted = ({ verb }: Pick<Operation, 'verb'>) => verb === 'write' || verb === 'delete';

/** Whether what is changed is still the same, and not something else that has taken its name. A read may be of what goes by the name now. */
function isAbout(now: Plan, before: Plan): boolean {
  if (now.access === 'none' || before.access === 'none') return false;
  const { oids } = now.watch;
  return now.access === 'read' || before.watch.oids.every((oid) => oids.includes(oid));
}

/** All that is known of an operation when it is understood, and that is decided by and recorded. */
function meaningOf({ verb, risks, resources, classes, masks, warnings, protection }: Meaning): string {
  return JSON.stringify([verb, risks, resources, classes, masks, warnings, protection]);
}

type Meaning = Pick<Operation, 'verb' | 'risks' | 'resources' | 'classes' | 'masks' | 'warnings' | 'protection'>;

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
