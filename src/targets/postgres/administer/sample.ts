import type pg from 'pg';
import { recognise } from '../../../masking/masking.ts';
import type { Access } from '../../target.ts';
import type { Catalog, Column, Relation, Type } from '../catalog/catalog.ts';
import { runProblem } from '../errors.ts';
import { quoted } from '../language/syntax.ts';
import type { Pools } from '../session/pool.ts';
import { tagSql } from '../session/tag.ts';
import type { Settings } from '../settings.ts';
import type { Kind } from './column-names.ts';
import { type Counts, plausible } from './propose.ts';

/** Characters of a value that are looked at. */
const longest = 1000;
/** Characters of a table that are asked for at once, at most, whatever its columns. */
const most = 8_000_000;
/** Milliseconds: one table may not use up the time of all. */
const tableTimeout = 5000;
const lockTimeout = 500;

export type Sampled = {
  comments: ReadonlyMap<number, string>;
  /** By the number of the column; a column that could not be sampled has none. */
  counts: ReadonlyMap<number, Counts>;
};

export type Sampler = { pools: Pools; access: Access<Settings>; catalog: Catalog; values: number; deadline: number };

/**
 * Counts what detectors recognise in some rows of a table, read in a transaction of its own that cannot write. The values live
 * in this function alone: what leaves are counts. Throws what ends everything: no session, no time, nobody there; a table
 * that the server would not let it read, or not in time, is answered without counts.
 */
export async function sample(relation: Relation, sampler: Sampler): Promise<Sampled> {
  const { pools, access, deadline } = sampler;
  const client = await pools.take(access);
  const onAbort = () => void pools.cancel(client);
  access.signal.addEventListener('abort', onAbort);
  let broken = true;
  try {
    const time = Math.min(tableTimeout, Math.max(1, Math.round(deadline - performance.now())));
    await client.query(
      `BEGIN READ ONLY; ${tagSql(access)}; SET LOCAL statement_timeout = ${time}; SET LOCAL lock_timeout = ${lockTimeout}`,
    );
    const sampled = await read(client, relation, sampler);
    await client.query('ROLLBACK');
    broken = false;
    return sampled;
  } catch (error) {
    // What the server says may quote a value.
    throw runProblem(error);
  } finally {
    access.signal.removeEventListener('abort', onAbort);
    client.release(broken);
  }
}

async function read(client: pg.PoolClient, relation: Relation, sampler: Sampler): Promise<Sampled> {
  const { rows } = await client.query(aboutSql, [relation.oid]);
  const comments = new Map<number, string>(rows.map(({ number, comment }) => [Number(number), String(comment)]));
  const columns = relation.columns.filter((column) => isSampled(column, relation, sampler.catalog));
  if (columns.length === 0 || relation.kind === 'f') return { comments, counts: new Map() };
  const size = Number((await client.query(sizeSql, [relation.oid])).rows[0]?.size ?? 0);
  await client.query('SAVEPOINT sampling');
  const counts = await countIn(client, relation, columns, size, sampler.values).catch(async (error: unknown) => {
    if (!isRefusal(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT sampling');
    return new Map<number, Counts>();
  });
  return { comments, counts };
}

const aboutSql = `SELECT d.objsubid AS number, d.description AS comment FROM pg_description d
  WHERE d.classoid = 'pg_class'::regclass AND d.objoid = $1::oid AND d.objsubid > 0`;
const sizeSql = 'SELECT c.reltuples::bigint AS size FROM pg_class c WHERE c.oid = $1::oid';

/** A right that is missing, a lock that somebody holds, too little time, a value that its own type cannot give: of this table alone. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(42501|55P03|57014|22|XX00[12])/.test(String(error.code));
}

/** Of a large table some pages are read, taken at random; where they hold nothing, the first rows. */
async function countIn(
  client: pg.PoolClient,
  relation: Relation,
  columns: readonly Column[],
  size: number,
  values: number,
): Promise<ReadonlyMap<number, Counts>> {
  const rows = Math.max(values, Math.min(values * 5, Math.floor(most / (columns.length * longest))));
  const list = columns.map(({ name }) => `"left"(${quoted(name)}::text, ${longest})`).join(', ');
  const from = `SELECT ${list} FROM ${quoted(relation.schema)}.${quoted(relation.name)}`;
  const ask = async (sampled: string) =>
    (await client.query<(string | null)[]>({ text: `${from}${sampled} LIMIT ${rows}`, rowMode: 'array' })).rows;
  const percent = size > rows * 20 ? Math.min(100, (rows * 200) / size) : undefined;
  const some = percent === undefined ? [] : await ask(` TABLESAMPLE SYSTEM (${percent.toFixed(6)})`);
  const found = some.length > 0 ? some : await ask('');
  return new Map(
    columns.map(({ number }, index) => [
      number,
      countsOf(
        found
          .map((row) => row[index] ?? null)
          .filter((value) => value !== null)
          .slice(0, values),
      ),
    ]),
  );
}

function countsOf(values: readonly string[]): Counts {
  const whole = new Map<string, number>();
  const within = new Map<string, number>();
  const alike = new Map(Object.keys(plausible).map((className) => [className, 0]));
  let recognised = 0;
  let opaque = 0;
  for (const value of values) {
    const found = recognise(value);
    if (found.length > 0) recognised += 1;
    for (const className of new Set(found.map((one) => one.class))) add(within, className);
    for (const className of new Set(found.filter((one) => one.whole).map((one) => one.class))) add(whole, className);
    for (const [className, shape] of Object.entries(plausible)) if (shape.test(value)) add(alike, className);
    if (/^(?:\\x|\$)?[\w+/=.$:-]{24,}$/.test(value)) opaque += 1;
  }
  return { values: values.length, whole, within, recognised, plausible: alike, opaque };
}

const add = (counts: Map<string, number>, className: string) => counts.set(className, (counts.get(className) ?? 0) + 1);

const texts = new Set(['text', 'varchar', 'bpchar', 'name', 'citext']);
const numbers = new Set(['int4', 'int8', 'numeric']);
const dates = new Set(['date', 'timestamp', 'timestamptz']);

/** What a column's type can hold, domains and arrays looked into. */
export function kindOf(column: Column, catalog: Catalog): Kind {
  const type = innermost(column.type, catalog);
  const { name = '', kind = '' } = type ?? {};
  if (kind === 'e') return 'enum';
  if (texts.has(name)) return 'text';
  if (['json', 'jsonb', 'xml', 'hstore'].includes(name)) return 'json';
  if (numbers.has(name)) return 'number';
  if (dates.has(name)) return 'date';
  if (['inet', 'cidr', 'macaddr', 'macaddr8'].includes(name)) return 'network';
  return name === 'bytea' ? 'bytes' : 'other';
}

/** Whether its values can be had as text without running code of the database's own, by this login, and could tell anything. */
function isSampled(column: Column, relation: Relation, catalog: Catalog): boolean {
  const type = innermost(column.type, catalog);
  const foreign = type === undefined || type.userCast || (type.schema !== 'pg_catalog' && !type.extension);
  if (foreign || catalog.readable.get(relation.oid)?.has(column.number) !== true) return false;
  const kind = kindOf(column, catalog);
  return kind === 'text' || kind === 'json' || (kind === 'number' && type.name !== 'int4');
}

function innermost(oid: number, catalog: Catalog): Type | undefined {
  let type = catalog.types.get(oid);
  for (let depth = 0; depth < 32; depth += 1) {
    const next = type?.kind === 'd' ? type.base : (type?.element ?? 0);
    if (next === 0 || type?.name === 'name') break;
    type = catalog.types.get(next);
  }
  return type;
}
