import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { type Agent, agentAt } from './agent.ts';

const setUp = `
  CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE TABLE people (id int PRIMARY KEY, email varchar(40) NOT NULL UNIQUE, tags varchar(12)[], score numeric(10,2) DEFAULT 1,
    feeling mood, "Strange name" text, UNIQUE (tags, score));
  INSERT INTO people SELECT i, i || '@x.test' FROM generate_series(1, 230) i;
  COMMENT ON TABLE people IS 'Everybody we know';
  COMMENT ON COLUMN people.score IS 'From 0 to 1';
  COMMENT ON COLUMN people.email IS 'Ask ada@example.com, who knows';
  CREATE TABLE salaries (person int REFERENCES people, amount money);
  CREATE TABLE letters (id int PRIMARY KEY, person int REFERENCES people, salary int);
  CREATE TABLE visits (at date, person int) PARTITION BY RANGE (at);
  CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE VIEW names AS SELECT id FROM people;
  CREATE TABLE unreadable (id int);
  CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT SELECT ON people, salaries, letters, visits, visits_2026, names TO reader;
  CREATE SCHEMA many;
  DO $$ BEGIN FOR i IN 100..349 LOOP EXECUTE format('CREATE TABLE many.t%s (id int)', i); END LOOP; END $$;
  GRANT USAGE ON SCHEMA many TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA many TO reader;
  ANALYZE;`;

let server: Postgres;
let agent: Agent;

beforeAll(async () => {
  server = await startPostgres({ database: 'shown', initSql: setUp });
  agent = agentAt(
    { port: server.port, database: 'shown', user: 'reader', password: 'reader' },
    { classification: { 'public.people': { email: 'EMAIL_ADDRESS' } } },
  );
});

afterAll(async () => {
  await agent?.target.close();
  await server?.stop();
});

const table = async (name: string, mayTouch?: (resource: string) => boolean) =>
  (await agent.schema({ table: name }, mayTouch)).tables[0];

describe('what agents may know of the structure', () => {
  test('is what a statement needs: types with modifiers, keys, comments, classes and masks', async () => {
    expect(await table('public.people')).toEqual({
      name: 'public.people',
      kind: 'table',
      protection: 'rewritten',
      comment: 'Everybody we know',
      row_estimate: 100,
      columns: [
        { name: 'id', type: 'integer', nullable: false, default: false },
        // Its comment holds an address, and is left out.
        {
          name: 'email',
          type: 'character varying(40)',
          nullable: false,
          default: false,
          class: 'EMAIL_ADDRESS',
          mask: 'redact',
        },
        { name: 'tags', type: 'character varying(12)[]', nullable: true, default: false },
        { name: 'score', type: 'numeric(10,2)', nullable: true, default: true, comment: 'From 0 to 1' },
        { name: 'feeling', type: 'public.mood', nullable: true, default: false },
        { name: 'Strange name', type: 'text', nullable: true, default: false },
      ],
      primary_key: ['id'],
      unique_keys: [['email'], ['tags', 'score']],
    });
  });

  test('tells what refers to what, and what is part of what', async () => {
    expect(await table('public.letters')).toMatchObject({
      foreign_keys: [{ columns: ['person'], references: { table: 'public.people', columns: ['id'] } }],
    });
    expect(await table('public.visits')).toMatchObject({ parts: ['public.visits_2026'], parts_complete: true });
    expect(await table('public.visits_2026')).toMatchObject({ part_of: ['public.visits'] });
  });

  test('leaves out what policy grants nothing on, as the end of a key too', async () => {
    const mayTouch = (resource: string) => resource !== 'public.people';

    expect(await table('public.people', mayTouch)).toBeUndefined();
    expect(await table('public.letters', mayTouch)).not.toHaveProperty('foreign_keys');
  });

  test('leaves out what the login of the gateway can do nothing with, and what is not there', async () => {
    expect(await table('public.unreadable')).toBeUndefined();
    expect(await table('public.nothing')).toBeUndefined();
    expect(await table('pg_catalog.pg_authid')).toBeUndefined();
  });
});

describe('pages', () => {
  test('follow one another to the end, each table once, in order', async () => {
    const names: string[] = [];
    let pages = 0;
    for (let page_token: string | undefined; ; pages += 1) {
      const page = await agent.schema({
        match: 'many.*',
        page_size: 100,
        ...(page_token !== undefined && { page_token }),
      });
      names.push(...page.tables.map(({ name }) => name));
      page_token = page.next_page_token;
      if (page_token === undefined) break;
    }

    expect(names).toEqual(Array.from({ length: 250 }, (_, index) => `many.t${index + 100}`));
    expect(pages).toBe(2);
  });

  test('a pattern picks by name', async () => {
    const { tables } = await agent.schema({ match: '*.t1*9' });

    expect(tables.map(({ name }) => name)).toEqual(
      [109, 119, 129, 139, 149, 159, 169, 179, 189, 199].map((n) => `many.t${n}`),
    );
  });

  test('a token that was not given is refused', async () => {
    await expect(agent.schema({ page_token: 'bm8' })).rejects.toMatchObject({ code: 'bad-request' });
  });
});
