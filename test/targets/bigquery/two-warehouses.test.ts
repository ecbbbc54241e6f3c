import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { understandStatement } from '../../../src/targets/bigquery/understand-statement.ts';
import { accepted, changes } from './corpus.ts';
import { classification, contextOf } from './known.ts';
import { aWarehouseWith, factsOf, one, other, type Warehouse } from './two-warehouses.ts';

/** What the emulator cannot judge: it takes no such statement, or keeps no history. */
const beyond = /SELECT AS VALUE|TABLESAMPLE|SYSTEM_TIME|HLL_COUNT|WITH\(a|@|\?|FROM o\.items\)|orders\.items|t\.select/;
const judged = accepted.map(([text]) => text).filter((text) => !beyond.test(text));

let [first, second]: Warehouse[] = [];
const warehouses = () => {
  if (first === undefined || second === undefined) throw new Error('No warehouse was opened.');
  return [first, second] as const;
};
beforeAll(async () => {
  [first, second] = [await aWarehouseWith(one), await aWarehouseWith(other)];
});
afterAll(async () => {
  await first?.stop();
  await second?.stop();
});

/** All that a caller hears; rows as a set, as none of these says in which order they come. */
const heard = ({ status, body }: Awaited<ReturnType<Warehouse['query']>>) => ({
  status,
  schema: body['schema'],
  rows: (Array.isArray(body['rows']) ? body['rows'] : []).map((row) => JSON.stringify(row)).sort(),
  affected: body['numDmlAffectedRows'],
  error: body['error'],
});

describe('two warehouses that differ in nothing but what is hidden', () => {
  test.each(judged)('answer alike: %s', async (text) => {
    const { plan, unprovable } = await understoodAt(warehouses()[0], text);

    const [answer, twin] = await askedOf(warehouses(), plan.text);

    expect(unprovable).toBeUndefined();
    expect(answer.status).toBe(200);
    expect(answer).toEqual(twin);
  });

  test('are told of alike', async () => {
    for (const text of judged.filter((_, index) => index % 6 === 0)) {
      const [operation, twin] = await Promise.all(warehouses().map((each) => understoodAt(each, text)));

      expect(operation).toEqual(twin);
    }
  });

  test('answer whoever may see everything as they answer BigQuery’s own callers', async () => {
    const [warehouse] = warehouses();
    for (const text of judged.slice(0, 80)) {
      const { plan } = await understoodAt(warehouse, text, everything);

      expect(heard(await warehouse.query(plan.text)), text).toEqual(heard(await warehouse.query(text)));
    }
  });

  test('are told apart by the same statements where nothing is masked', async () => {
    const different: string[] = [];

    for (const text of judged.slice(0, 70)) {
      const [answer, twin] = await askedOf(warehouses(), text);
      if (JSON.stringify(answer) !== JSON.stringify(twin)) different.push(text);
    }

    expect(different.length).toBeGreaterThan(15);
  });

  test.each(changes)('change alike: %s', async (text) => {
    const { plan, unprovable } = await understoodAt(warehouses()[0], text);

    const [answer, twin] = await askedOf(warehouses(), plan.text);

    expect(unprovable).toBeUndefined();
    expect(answer.status).toBe(200);
    expect(answer).toEqual(twin);
    for (const table of ['crm.users', 'crm.orders']) {
      const look = await understoodAt(warehouses()[0], `SELECT TO_JSON_STRING(x) AS x FROM ${table} AS x`);
      const [seen, seenTwin] = await askedOf(warehouses(), look.plan.text);
      expect(seen.status).toBe(200);
      expect(seen).toEqual(seenTwin);
    }
  });
});

async function askedOf([one, other]: readonly [Warehouse, Warehouse], text: string) {
  return [heard(await one.query(text)), heard(await other.query(text))] as const;
}

const everything = [...classification.values()].flatMap((columns) => [...columns.values()]).concat('SALARY');

async function understoodAt(warehouse: Warehouse, text: string, unmask: readonly string[] = []) {
  const statement = { text, parameters: [] };
  const facts = await factsOf(statement, warehouse);
  if ('error' in facts) throw new Error(`${text}: ${facts.error}`);
  return understandStatement(statement, facts, contextOf({ unmask }));
}
