import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { createPostgres } from '../../../src/targets/postgres/postgres.ts';
import { type Agent, agentAt } from './agent.ts';

const setUp = `
  CREATE TABLE people (id int PRIMARY KEY, ssn text UNIQUE);
  INSERT INTO people VALUES (1, '078-05-1120');
  CREATE TABLE plain (id int PRIMARY KEY, ssn text, note text);
  CREATE TABLE parent (id int, ssn text);
  CREATE TABLE heir () INHERITS (parent);
  CREATE TABLE lonely (id int, ssn text);
  CREATE TABLE parted (id int, ssn text) PARTITION BY LIST (id);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
  CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2) PARTITION BY LIST (ssn);
  CREATE VIEW seen AS SELECT id, ssn FROM parted;
  CREATE TABLE guarded (id int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
  CREATE DOMAIN code AS text;
  CREATE TABLE coded (id int, c code);
  CREATE TABLE upper_row (id int PRIMARY KEY);
  CREATE TABLE lower_row (id int PRIMARY KEY, up int REFERENCES upper_row ON DELETE CASCADE);
  CREATE TABLE lowest_row (id int, up int REFERENCES lower_row ON DELETE CASCADE);
  CREATE SCHEMA app; CREATE TABLE app.t (id int, ssn text);
  CREATE FUNCTION peek() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF EXISTS (SELECT FROM public.people) THEN RETURN NULL; END IF; RETURN NEW; END';
  CREATE FUNCTION spy(text) RETURNS bool LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.people)';
  CREATE FUNCTION shout(bool) RETURNS text LANGUAGE sql AS 'SELECT max(ssn) FROM public.people';`;

const classification = { 'public.people': { ssn: 'US_SOCIAL_SECURITY_NUMBER' } };

const changed = { code: 'target-rejected', detail: 'The catalog changed; send the same request again.' };

let server: Postgres;
let admin: pg.Client;
let agent: Agent;
let time = Date.now();

beforeAll(async () => {
  server = await startPostgres({ database: 'drifting', initSql: setUp });
  admin = new pg.Client(server.url);
  await admin.connect();
  agent = agentAt(
    { port: server.port, database: 'drifting', user: server.user, password: server.password },
    { classification, target: createPostgres({ allowPlaintext: false, now: () => time }) },
  );
});

afterAll(async () => {
  await admin?.end();
  await agent?.target.close();
  await server?.stop();
});

/** Understands, lets somebody else change the database, runs what was understood, and undoes the change. */
async function meanwhile(statement: string, change: string, undo: string) {
  const snapshot = async () => (await agent.target.inspect(agent.access())).snapshot.number;
  // What the last change left is found first.
  time += 600_000;
  const operation = await agent.understand(statement);
  const before = await snapshot();
  await admin.query(change);
  try {
    await agent.execute(operation);
    return before === (await snapshot()) ? 'it ran' : 'it ran anew';
  } catch (error) {
    return error;
  } finally {
    await admin.query(undo);
  }
}

describe('a read is not run on a catalog other than the one it was understood on', () => {
  test.each([
    [
      'a table with classified columns becomes a part',
      'SELECT * FROM parent',
      'ALTER TABLE people INHERIT parent',
      'ALTER TABLE people NO INHERIT parent',
    ],
    [
      'the first part of a table',
      'SELECT * FROM lonely',
      'ALTER TABLE people INHERIT lonely',
      'ALTER TABLE people NO INHERIT lonely',
    ],
    [
      'a part of a part',
      'SELECT * FROM parent',
      'ALTER TABLE people INHERIT heir',
      'ALTER TABLE people NO INHERIT heir',
    ],
    [
      'a partition',
      'SELECT * FROM parted',
      'CREATE TABLE parted_3 PARTITION OF parted FOR VALUES IN (3)',
      'DROP TABLE parted_3',
    ],
    [
      'a partition of a partition',
      'SELECT * FROM parted',
      "CREATE TABLE parted_2a PARTITION OF parted_2 FOR VALUES IN ('a')",
      'DROP TABLE parted_2a',
    ],
    [
      'a partition below a view',
      'SELECT * FROM seen',
      "CREATE TABLE parted_2a PARTITION OF parted_2 FOR VALUES IN ('a')",
      'DROP TABLE parted_2a',
    ],
    [
      'a policy over its rows',
      'SELECT * FROM guarded',
      "CREATE POLICY p ON guarded USING (spy(''))",
      'DROP POLICY p ON guarded',
    ],
    [
      'a foreign key',
      'SELECT ssn FROM plain',
      'ALTER TABLE plain ADD CONSTRAINT k FOREIGN KEY (ssn) REFERENCES people (ssn)',
      'ALTER TABLE plain DROP CONSTRAINT k',
    ],
    [
      'a column under the name of another',
      'SELECT note FROM plain',
      'ALTER TABLE plain RENAME ssn TO x; ALTER TABLE plain RENAME note TO ssn; ALTER TABLE plain RENAME x TO note',
      'ALTER TABLE plain RENAME ssn TO x; ALTER TABLE plain RENAME note TO ssn; ALTER TABLE plain RENAME x TO note',
    ],
    [
      'a schema under the name of another',
      'SELECT * FROM app.t',
      'ALTER SCHEMA app RENAME TO old; CREATE SCHEMA app; CREATE TABLE app.t (id int, hidden text)',
      'DROP SCHEMA app CASCADE; ALTER SCHEMA old RENAME TO app',
    ],
    [
      'a view over something else',
      'SELECT * FROM seen',
      'CREATE OR REPLACE VIEW seen AS SELECT id, ssn FROM people',
      'CREATE OR REPLACE VIEW seen AS SELECT id, ssn FROM parted',
    ],
    [
      'a cast that runs code',
      'SELECT id = 1 FROM plain',
      'CREATE CAST (bool AS money) WITH FUNCTION pay(bool)',
      'DROP CAST (bool AS money)',
    ],
  ])('%s', async (_, statement, change, undo) => {
    await admin.query(`CREATE OR REPLACE FUNCTION pay(bool) RETURNS money LANGUAGE sql AS 'SELECT 1::money'`);

    const outcome = await meanwhile(statement, change, undo);

    if (outcome !== 'it ran anew') expect(outcome).toMatchObject(changed);
  });

  test('but on the new one, where that changes nothing of what was decided and recorded', async () => {
    const change = 'ALTER TABLE plain ADD more int';

    const outcome = await meanwhile('SELECT id FROM plain', change, 'ALTER TABLE plain DROP more');

    expect(outcome).toBe('it ran anew');
  });
});

describe('a write is not run on a catalog other than the one it was understood on', () => {
  const trigger = (table: string) =>
    `CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION peek()`;

  test.each([
    ['a trigger', 'INSERT INTO plain (id) VALUES (1)', trigger('plain'), 'DROP TRIGGER t ON plain'],
    ['a trigger of a part', 'UPDATE parent SET id = 2 WHERE id = 1', trigger('heir'), 'DROP TRIGGER t ON heir'],
    [
      'a trigger of a partition',
      'UPDATE parted SET ssn = NULL WHERE id = 1',
      trigger('parted_1'),
      'DROP TRIGGER t ON parted_1',
    ],
    [
      'a trigger down a cascade',
      'DELETE FROM upper_row WHERE id = 1',
      trigger('lower_row'),
      'DROP TRIGGER t ON lower_row',
    ],
    [
      'a trigger further down a cascade',
      'DELETE FROM upper_row WHERE id = 1',
      trigger('lowest_row'),
      'DROP TRIGGER t ON lowest_row',
    ],
    [
      'a check of what the whole is',
      'INSERT INTO parted_1 VALUES (1)',
      'ALTER TABLE parted ADD CONSTRAINT c CHECK (spy(ssn))',
      'ALTER TABLE parted DROP CONSTRAINT c',
    ],
    [
      'a check of a domain',
      'INSERT INTO coded (id) VALUES (1)',
      'ALTER DOMAIN code ADD CONSTRAINT c CHECK (spy(VALUE))',
      'ALTER DOMAIN code DROP CONSTRAINT c',
    ],
    ['a unique index', 'INSERT INTO plain (id) VALUES (1)', 'CREATE UNIQUE INDEX i ON plain (ssn)', 'DROP INDEX i'],
    [
      'a default',
      'INSERT INTO plain (id) VALUES (1)',
      'ALTER TABLE plain ALTER note SET DEFAULT shout(true)',
      'ALTER TABLE plain ALTER note DROP DEFAULT',
    ],
    [
      'a table that refers to it',
      'DELETE FROM plain WHERE id = 1',
      'CREATE TABLE refers (id int REFERENCES plain ON DELETE CASCADE)',
      'DROP TABLE refers',
    ],
  ])('%s', async (_, statement, change, undo) => {
    const outcome = await meanwhile(statement, change, undo);

    if (outcome !== 'it ran anew') {
      expect(outcome).toMatchObject(changed);
      expect((await admin.query('SELECT FROM plain')).rowCount).toBe(0);
    }
    await admin.query('DELETE FROM plain');
  });

  test('but on the new one, once, where that changes nothing of what was decided and recorded', async () => {
    const statement = "INSERT INTO plain (id, note) VALUES (7, 'once')";

    const outcome = await meanwhile(statement, 'ALTER TABLE plain ADD more int', 'ALTER TABLE plain DROP more');

    expect(outcome).toBe('it ran anew');
    expect((await admin.query('SELECT id, note FROM plain')).rows).toEqual([{ id: 7, note: 'once' }]);
    await admin.query('DELETE FROM plain');
  });
});

test('a definition that a human approved runs on the catalog as others left it meanwhile', async () => {
  const outcome = await meanwhile(
    "COMMENT ON TABLE plain IS 'approved'",
    'ALTER TABLE plain ADD more int',
    'ALTER TABLE plain DROP more',
  );

  expect(outcome).toBe('it ran anew');
  const { rows } = await admin.query("SELECT obj_description('plain'::regclass) AS comment");
  expect(rows).toEqual([{ comment: 'approved' }]);
});

describe('what nothing depends on', () => {
  test.each([
    ['rows that others write', "INSERT INTO people VALUES (2, 'x')", 'DELETE FROM people WHERE id = 2'],
    ['statistics', 'ANALYZE people; ANALYZE plain', 'SELECT 1'],
    ['a change of another table', 'ALTER TABLE coded ADD z int', 'ALTER TABLE coded DROP z'],
    ['a new table', 'CREATE TABLE fresh (id int)', 'DROP TABLE fresh'],
  ])('%s does not disturb', async (_, change, undo) => {
    const outcome = await meanwhile('SELECT p.id, q.note FROM people p LEFT JOIN plain q USING (id)', change, undo);

    expect(outcome).toBe('it ran');
  });
});

test('a read that would be masked otherwise is not run anew in silence, and sent again it is understood on the new catalog', async () => {
  const operation = await agent.understand('SELECT * FROM parent');
  await admin.query('ALTER TABLE people INHERIT parent');

  await expect(agent.execute(operation)).rejects.toMatchObject(changed);
  const { rows } = await agent.run('SELECT * FROM parent');

  expect(rows).toEqual([[1, '[US_SOCIAL_SECURITY_NUMBER]']]);
  await admin.query('ALTER TABLE people NO INHERIT parent');
});

describe('tables that others made a moment ago', () => {
  test('are found', async () => {
    let time = Date.now();
    const patient = agentAt(
      { port: server.port, database: 'drifting', user: server.user, password: server.password },
      { target: createPostgres({ allowPlaintext: false, now: () => time }) },
    );
    await patient.run('SELECT 1 FROM plain');
    await admin.query('CREATE TABLE later (id int)');
    time += 10_000;

    const { rows } = await patient.run('SELECT count(*) FROM later');

    expect(rows).toEqual([[0]]);
    await patient.target.close();
    await admin.query('DROP TABLE later');
  });

  test('are refused as unknown where they are not there', async () => {
    await expect(agent.run('SELECT 1 FROM never_made')).rejects.toMatchObject({ code: 'masking-unprovable' });
  });
});
