import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { targetContract } from '../contract.ts';
import { agentAt, aWarehouse, type Closing, TOKEN } from './warehouse.ts';

const closing: Closing = [];
let warehouse: Awaited<ReturnType<typeof aWarehouse>>;
let agent: ReturnType<typeof agentAt>;

beforeAll(async () => {
  warehouse = await aWarehouse(closing);
  agent = agentAt(warehouse.url, closing);
});
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const asked = (statement: string) => agent.target.request.parse({ statement });

describe('BigQuery', () => {
  targetContract(() => ({
    target: agent.target,
    connection: agent.connection,
    settings: agent.settings,
    secret: JSON.stringify({ token: TOKEN }),
    wrongSecret: JSON.stringify({ token: 'another-token' }),
    requests: {
      small: asked('SELECT 1 AS one'),
      almostSmall: asked('SELECT 1 AS onf'),
      large: asked("SELECT x, CONCAT('row number ', CAST(x AS STRING)) AS t FROM UNNEST(GENERATE_ARRAY(1, 6000)) AS x"),
      slow: asked('SELECT 1 AS slow_job'),
      failing: asked("SELECT CAST(CONCAT('123-45-', CAST(COUNT(*) AS STRING)) AS INT64) AS x FROM sales.orders"),
      unreadable: { method: 'GET', path: '/bigquery/v2/projects/../x', headers: new Map(), body: new Uint8Array() },
    },
    leakedByTheTarget: '123-45',
    isRunning: async () => warehouse.running.size > 0,
  }));

  test('times, numbers and nested values come as JSON holds them', async () => {
    const { rows, columns } = await agent.rows(
      `SELECT 9007199254740993 AS big, 7 AS small, NUMERIC '1.50' AS n, 1.5 AS f, TRUE AS yes, CAST(NULL AS STRING) AS nothing,
        TIMESTAMP '2026-01-01 10:00:00.25+00' AS moment, DATE '2026-01-02' AS day, FROM_BASE64('AP8=') AS raw,
        [1, 2] AS list, STRUCT('a' AS s, 2 AS i) AS pair`,
    );

    expect(rows).toEqual([
      [
        ...['9007199254740993', 7, '1.5', 1.5, true, null, '2026-01-01T10:00:00.250000Z', '2026-01-02', 'AP8='],
        ...[[1, 2], { s: 'a', i: 2 }],
      ],
    ]);
    expect(columns.slice(-2)).toEqual([
      { name: 'list', type: 'ARRAY<INT64>' },
      { name: 'pair', type: 'STRUCT' },
    ]);
  });
});
