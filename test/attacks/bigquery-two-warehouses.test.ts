import { afterAll, beforeAll, expect, test } from 'vitest';
import { asProblem } from '../../src/model/problem.ts';
import { createTokenKey } from '../../src/model/seal.ts';
import type { Facts } from '../../src/targets/bigquery/plan.ts';
import { understandStatement } from '../../src/targets/bigquery/understand-statement.ts';
import { api } from '../emulators/bigquery/client.ts';
import type { Closing } from '../targets/bigquery/warehouse.ts';
import { BENIGN } from './bigquery/benign.ts';
import { BEYOND } from './bigquery/beyond.ts';
import { type Observation, observe, observeRest, type TwoWarehouses, twoWarehouses } from './bigquery/observe.ts';
import { PROBES } from './bigquery/probes.ts';
import { REACH } from './bigquery/reach.ts';
import { SHAPES } from './bigquery/shapes.ts';
import { SURFACE } from './bigquery/surface.ts';
import { TRICKS } from './bigquery/tricks.ts';
import { PROJECT } from './bigquery/world.ts';

/**
 * Non-interference for BigQuery, on the emulator: two warehouses that differ in classified values alone answer whatever an agent sends in the
 * same way: rows, columns, counts, bytes, warnings, errors, and what policy hears. What the emulator cannot run tells nothing; how much that
 * is, is said.
 */
const closing: Closing = [];
let two: TwoWarehouses;
beforeAll(async () => {
  two = await twoWarehouses(closing);
}, 60_000);
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const TIMEOUT = 300_000;

/** Of the probes, which are many and alike, each third: another mean for each column. `SALLYPORT_ATTACKS=all` tries all of them. */
const isTried = (_statement: string, index: number) =>
  process.env['SALLYPORT_ATTACKS'] === 'all' || (index + Math.floor(index / 12)) % 3 === 0;

/** What tells the warehouses apart, and what of them alone stands in an answer. */
function differences(name: string, answers: readonly [Observation, Observation]): string[] {
  const [a, b] = answers;
  const differs = a.seen === b.seen ? [] : [`differs: ${name}\n  ${a.seen.slice(0, 400)}\n  ${b.seen.slice(0, 400)}`];
  const planted = answers.flatMap(({ seen }, side) =>
    (two.warehouses[side]?.planted ?? []).filter((value) => seen.includes(value) && !name.includes(value)),
  );
  return [...differs, ...planted.map((value) => `holds ${value}: ${name}`)];
}

async function both(ask: (side: 0 | 1) => Promise<Observation>): Promise<readonly [Observation, Observation]> {
  return Promise.all([ask(0), ask(1)]);
}

test.each([
  ['probes of each classified column', PROBES.filter(isTried), 40],
  ['whole rows, records, arrays and what is made of them', SHAPES, 90],
  ['names, quotes, comments and shadows', TRICKS, 50],
  ['errors, functions and what reaches beyond a query', BEYOND, 15],
] as const)('no classified value can be told by %s', { timeout: TIMEOUT }, async (_name, statements, fewest) => {
  const found: string[] = [];
  let ran = 0;
  for (const statement of statements) {
    const answers = await both((side) => observe(two.agents[side], statement));
    found.push(...differences(statement, answers));
    if (answers[0].refused === undefined) ran += 1;
  }

  expect(found).toEqual([]);
  expect(ran).toBeGreaterThanOrEqual(fewest);
});

test('no classified value gets into what a change leaves, even where a human approves it', {
  timeout: TIMEOUT,
}, async () => {
  const found: string[] = [];
  const changes = BEYOND.filter((statement) =>
    /^(INSERT|UPDATE|DELETE|MERGE|CREATE|EXPORT|LOAD|BEGIN|CALL)\b/.test(statement),
  );
  const readBack = 'SELECT * FROM scratch.copies ORDER BY id, text';
  for (const statement of changes) {
    found.push(
      ...differences(statement, await both((side) => observe(two.agents[side], statement, { isApproved: true }))),
    );
    found.push(
      ...differences(`${readBack} after ${statement}`, await both((side) => observe(two.agents[side], readBack))),
    );
  }
  // Straight from the warehouse: whatever was made beside the customers' own tables.
  const made = await both(async (side) => ({ seen: await everythingIn(side, 'scratch') }));

  expect([...found, ...differences('the dataset scratch', made)]).toEqual([]);
});

async function everythingIn(side: 0 | 1, dataset: string): Promise<string> {
  const url = two.warehouses[side].url;
  const path = `/projects/${PROJECT}/datasets/${dataset}/tables`;
  const { body } = await api(url, 'GET', path);
  const rows = await Promise.all(
    (body.tables ?? []).map(async ({ tableReference }: { tableReference: { tableId: string } }) => [
      tableReference.tableId,
      (await straight(side, `SELECT * FROM ${dataset}.${tableReference.tableId} AS t ORDER BY TO_JSON_STRING(t)`)).rows,
    ]),
  );
  return JSON.stringify(rows);
}

async function straight(side: 0 | 1, query: string) {
  const { body } = await api(two.warehouses[side].url, 'POST', `/projects/${PROJECT}/queries`, {
    query,
    useLegacySql: false,
  });
  return body.error
    ? { error: body.error.message }
    : { rows: body.rows, schema: body.schema, affected: body.numDmlAffectedRows };
}

test("no classified value can be told by BigQuery's own API", { timeout: TIMEOUT }, async () => {
  const found: string[] = [];
  const refused: string[] = [];
  for (const requests of SURFACE) {
    const answers = await both((side) => observeRest(two.agents[side], requests));
    found.push(...differences(JSON.stringify(requests), answers));
    if (answers[0].refused !== undefined) refused.push(answers[0].refused);
  }

  expect(found).toEqual([]);
  expect(SURFACE.length - refused.length).toBeGreaterThanOrEqual(40);
});

/** What is known of the tables, and a dry run that has nothing against a statement. */
async function harmless(): Promise<Facts> {
  const { target, access } = two.agents[0];
  const statement = 'SELECT 1 AS x FROM sales.customers, sales.orders, sales.leads';
  const known = await target.inspect(access(), target.request.parse({ statement }));
  if (!('facts' in known)) throw new Error('A statement has facts.');
  const { tables } = known.facts;
  const emptied = { statementType: 'SELECT', referencedTables: [], referencedRoutines: [], schema: [], bytes: 0 };
  const dryRun = { ...emptied, referencedTables: tables.map(({ name }) => name) };
  return { dryRun, tables, emptied, hidden: dryRun };
}

test('what reaches out of a query is refused or left to a human, whatever a dry run says of it', async () => {
  const facts = await harmless();
  const { connection, settings } = two.agents[0];
  const context = { connection, settings, unmask: [], seal: () => '«»', tokenKey: createTokenKey('a key for tests') };
  const understood = (text: string) => understandStatement({ text, parameters: [] }, facts, context);

  const passing = REACH.filter((text) => {
    const { unprovable, risks } = understood(text);
    return unprovable === undefined && !risks.includes('opaque');
  });

  expect(
    understood('SELECT c.id, l.id AS l FROM sales.customers AS c, sales.leads AS l, sales.orders'),
  ).not.toHaveProperty('unprovable');
  expect(passing).toEqual([]);
});

test('a result of who may see more is not read by who may not', async () => {
  const path = `/bigquery/v2/projects/${PROJECT}`;
  const query = { query: 'SELECT id, email FROM sales.customers ORDER BY id', useLegacySql: false };
  const { answer } = await two.clear[0].rest('POST', `${path}/queries`, query);
  const { jobId } = answer.jobReference;
  const pageToken = Buffer.from(JSON.stringify({ start: 0, jobId })).toString('base64url');

  const answers = [];
  for (const place of [`/queries/${jobId}`, `/datasets/sales/tables/customers/data?pageToken=${pageToken}`]) {
    const got = await two.agents[0].rest('GET', `${path}${place}`).catch(asProblem);
    answers.push(got instanceof Error ? got.code : JSON.stringify(got.answer));
  }

  expect(answer.rows[0].f[1].v).toBe('alice@canary.example');
  expect(answers.filter((text) => text.includes('canary'))).toEqual([]);
});

test('what asks for nothing classified is answered as BigQuery answers it', { timeout: TIMEOUT }, async () => {
  const refused: string[] = [];
  const wrong: string[] = [];
  for (const query of BENIGN) {
    const own = await straight(0, query);
    const answer = await two.agents[0]
      .rest('POST', `/bigquery/v2/projects/${PROJECT}/queries`, { query, useLegacySql: false })
      .catch(asProblem);
    if (answer instanceof Error) refused.push(`${query}: ${answer.detail}`);
    else if (JSON.stringify(answer.answer.rows) !== JSON.stringify(own.rows)) wrong.push(query);
  }
  console.info(
    `BigQuery behind the gateway answers ${BENIGN.length - refused.length - wrong.length} of ${BENIGN.length} harmless queries as BigQuery does.`,
  );

  expect(wrong).toEqual([]);
  expect(refused).toEqual([]);
});

test('the same means tell the warehouses apart where nothing is hidden', { timeout: TIMEOUT }, async () => {
  const statements = [...PROBES.filter(isTried), ...SHAPES, ...TRICKS];
  let straightly = 0;
  for (const statement of statements) {
    const [a, b] = await Promise.all([straight(0, statement), straight(1, statement)]);
    if (JSON.stringify(a) !== JSON.stringify(b)) straightly += 1;
  }
  // Through the gateway each eighth: it takes its time.
  const few = statements.filter((_, index) => index % 8 === 0);
  let through = 0;
  for (const statement of few) {
    const [a, b] = await both((side) => observe(two.clear[side], statement));
    if (a.seen !== b.seen) through += 1;
  }
  console.info(
    `Of ${statements.length} attacks ${straightly} tell the warehouses apart straight, of ${few.length} ${through} through a gateway that hides nothing.`,
  );

  expect(straightly / statements.length).toBeGreaterThan(0.7);
  expect(through / few.length).toBeGreaterThan(0.6);
});
