import { describe, expect, test } from 'vitest';
import { type Doubts, field, orders, people, project, staff, table, tables, understood, users } from './known.ts';

const named = (name: string) => `${project}.${name}`;
const ruleOf = (text: string, doubts: Doubts) => understood(text, doubts).unprovable?.rule;

describe('the proof is BigQuery’s own', () => {
  const query = 'SELECT id FROM crm.users';

  test.each<[string, Doubts]>([
    ['it was not asked without tables', { emptied: undefined }],
    ['it still sees a table without tables', { emptied: { referencedTables: [users.name] } }],
    ['it still sees a routine without tables', { emptied: { referencedRoutines: [named('crm.f')] } }],
    ['the columns are others without tables', { emptied: { schema: [field('x', 'INT64')] } }],
    ['it is another kind of statement without tables', { emptied: { statementType: 'SCRIPT' } }],
    ['it was not asked with masks', { hidden: undefined }],
    ['it reads another table with masks', { hidden: { referencedTables: [orders.name, users.name] } }],
    ['it reads no table with masks', { hidden: { referencedTables: [] } }],
    ['the columns are others with masks', { hidden: { schema: [field('id', 'STRING')] } }],
    ['it reads a table that is in no FROM', { dryRun: { referencedTables: [staff.name, users.name] } }],
    ['what was taken for a table is none to it', { dryRun: { referencedTables: [] } }],
  ])('nothing runs where %s', (_why, doubts) => {
    expect(ruleOf(query, doubts)).toBe('R4');
  });

  test('nothing runs where it says that the text is of another kind than its first words', () => {
    expect(ruleOf(query, { dryRun: { statementType: 'SCRIPT' } })).toBe('R2');
    expect(ruleOf('INSERT INTO crm.orders (id) VALUES (1)', { dryRun: { statementType: 'UPDATE' } })).toBe('R2');
  });

  test('a script is policy’s matter as opaque execution, and is refused in the end', () => {
    const operation = understood('DECLARE x INT64; SELECT 1', { dryRun: { statementType: 'SCRIPT' } });

    expect(operation).toMatchObject({ verb: 'execute', risks: ['opaque'], unprovable: { rule: 'R2' } });
  });

  test('routines of the warehouse are not called, whatever the text looks like', () => {
    expect(ruleOf(query, { dryRun: { referencedRoutines: [named('crm.f')] } })).toBe('R6');
  });

  test('fifty tables are too many to be sure that all were told', () => {
    const many = Array.from({ length: 50 }, (_, index) => named(`crm.t${index}`));

    expect(ruleOf(query, { dryRun: { referencedTables: many } })).toBe('R1');
  });

  test('a change of another table than the text names is refused', () => {
    expect(ruleOf('DELETE FROM crm.orders WHERE id = 1', { dryRun: { target: users.name } })).toBe('R4');
  });

  test('a change of something unknown is refused', () => {
    expect(ruleOf('DELETE FROM crm.strange WHERE id = 1', {})).toBe('R4');
  });

  test('a table whose dataset is called as a column is named with its project', () => {
    const odd = table('email.t', [field('id', 'INT64')]);
    const doubts = { tables: [...tables, odd], classification: new Map([['*', new Map()]]) };

    expect(ruleOf('SELECT t.id FROM crm.users u JOIN email.t USING (id)', doubts)).toBe('R4');
    expect(ruleOf('SELECT t.id FROM crm.users u JOIN `acme-shop-1.email.t` USING (id)', doubts)).toBeUndefined();
  });
});

describe('names', () => {
  test('a name alone is looked up in the default dataset, which is part of what is approved', () => {
    const operation = understood('SELECT id FROM users', { defaultDataset: named('crm') });

    expect(operation.resources).toEqual(['crm.users']);
    expect(operation.plan.text).toContain(`\`${users.name}\``);
    expect(operation.statement).toBe(`-- default dataset: ${named('crm')}\nSELECT id FROM users`);
  });

  test('a name of WITH hides the table of that name, but not within its own query', () => {
    const operation = understood('WITH users AS (SELECT id FROM users) SELECT id FROM users', {
      defaultDataset: named('crm'),
    });

    expect(operation.unprovable).toBeUndefined();
    expect(operation.plan.text.match(/FROM `/g)).toHaveLength(1);
  });

  test('in WITH RECURSIVE it hides it there too', () => {
    const operation = understood(
      'WITH RECURSIVE users AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM users WHERE id < 3) SELECT id FROM users',
      {
        defaultDataset: named('crm'),
      },
    );

    expect(operation.plan.text).not.toContain('FROM `');
  });

  test('tables of other projects keep their project', () => {
    const far = { ...orders, name: 'other-project.crm.orders' };
    const classification = new Map([['other-project.crm.orders', new Map([['status', 'STATUS']])]]);

    const operation = understood('SELECT status FROM other-project.crm.orders', { tables: [far], classification });

    expect(operation.resources).toEqual(['other-project.crm.orders']);
    expect(operation.plan.text).toContain("'[STATUS]' AS `status`");
  });
});

describe('what a classification means', () => {
  const open = new Map([['*', new Map<string, string>()]]);

  test('a table that nobody classified is refused, masked or shown as the connection says', () => {
    const classification = new Map<string, Map<string, string>>();
    const shown = (unclassified: 'deny' | 'mask' | 'allow') =>
      understood('SELECT status FROM crm.orders', { classification, unclassified });

    expect(shown('deny').unprovable?.rule).toBe('R5');
    expect(shown('mask').plan.text).toContain("'[UNCLASSIFIED]' AS `status`");
    expect(shown('mask').plan.text).toContain('CAST(NULL AS NUMERIC) AS `total`');
    expect(shown('allow').plan.text).toContain('sallyport_row.`status`');
  });

  test('policy tags classify, and one that is not mapped is confidential', () => {
    const tagged = table('crm.pay', [
      field('a', 'STRING', { policyTags: ['projects/p/locations/eu/taxonomies/1/policyTags/2'] }),
      field('b', 'STRING', { policyTags: ['projects/x'] }),
    ]);

    const operation = understood('SELECT * FROM crm.pay', { tables: [tagged], classification: open });

    expect(operation.masks.map((mask) => mask.class)).toEqual(['SALARY', 'CONFIDENTIAL']);
  });

  test('a column with a tag and a class is shown only to whoever may see both', () => {
    const tagged = table('crm.pay', [field('a', 'STRING', { policyTags: ['projects/x'] })]);
    const doubts = { tables: [tagged], classification: new Map([['crm.pay', new Map([['A', 'SALARY']])]]) };

    expect(understood('SELECT a FROM crm.pay', { ...doubts, unmask: ['SALARY'] }).masks).toHaveLength(1);
    expect(understood('SELECT a FROM crm.pay', { ...doubts, unmask: ['SALARY', 'CONFIDENTIAL'] }).masks).toHaveLength(
      0,
    );
  });

  test('a class of something inside JSON hides all of it', () => {
    const json = table('crm.j', [field('doc', 'JSON')]);
    const operation = understood('SELECT doc.a.b FROM crm.j', {
      tables: [json],
      classification: new Map([['crm.j', new Map([['doc.person.email', 'EMAIL_ADDRESS']])]]),
    });

    expect(operation.plan.text).toContain('CAST(NULL AS JSON) AS `doc`');
  });

  test('a classification that names what is not there refuses', () => {
    expect(
      ruleOf('SELECT id FROM crm.orders', {
        classification: new Map([['crm.orders', new Map([['mail', 'EMAIL_ADDRESS']])]]),
      }),
    ).toBe('R5');
  });

  test('capitals in a classification do not matter', () => {
    const classification = new Map([['CRM.Orders', new Map([['STATUS', 'STATUS']])]]);

    expect(understood('SELECT status FROM crm.orders', { classification }).masks).toHaveLength(1);
  });

  test('a table that is kept in the order of a hidden column is refused', () => {
    const sorted = { ...users, orderedBy: ['id', 'Email'] };

    expect(ruleOf('SELECT id FROM crm.users', { tables: [sorted] })).toBe('R5');
    expect(ruleOf('SELECT id FROM crm.users', { tables: [{ ...users, orderedBy: ['id'] }] })).toBeUndefined();
  });

  test('a view is read where it is classified itself, or where all behind it is known to be open', () => {
    const behind: Doubts = {
      dryRun: { referencedTables: [orders.name] },
      tables: [orders, people],
      emptied: { referencedTables: [] },
    };
    const spoken = new Map([
      ['crm.people', new Map([['mail', 'EMAIL_ADDRESS']])],
      ['crm.users', new Map()],
    ]);

    expect(ruleOf('SELECT id FROM crm.people', behind)).toBeUndefined();
    expect(
      understood('SELECT mail FROM crm.people', { dryRun: { referencedTables: [users.name] }, classification: spoken })
        .plan.text,
    ).toContain("'[EMAIL_ADDRESS]' AS `mail`");
    expect(
      ruleOf('SELECT id FROM crm.people', { dryRun: { referencedTables: [named('crm.gone')] }, tables: [people] }),
    ).toBe('R5');
    expect(ruleOf('SELECT id FROM crm.people', { tables: [people] })).toBe('R5');
  });

  test.each(['EXTERNAL', 'MODEL', 'PROPERTY_GRAPH'])('a %s that nobody spoke of is refused', (type) => {
    expect(
      ruleOf('SELECT id FROM crm.x', {
        tables: [table('crm.x', [field('id', 'INT64')], { type })],
        classification: open,
        unclassified: 'allow',
      }),
    ).toBe(type === 'EXTERNAL' ? undefined : 'R5');
    expect(
      ruleOf('SELECT id FROM crm.x', {
        tables: [table('crm.x', [field('id', 'INT64')], { type })],
        classification: new Map(),
        unclassified: 'allow',
      }),
    ).toBe('R5');
  });
});

describe('what policy hears', () => {
  test.each([
    ['SELECT 1', 'read', []],
    ['INSERT INTO crm.orders (id) VALUES (1)', 'write', []],
    [`INSERT INTO crm.orders (id) VALUES ${Array.from({ length: 101 }, () => '(1)').join(', ')}`, 'write', ['bulk']],
    ['INSERT INTO crm.orders (id) SELECT id FROM crm.users', 'write', ['bulk']],
    ['UPDATE crm.orders SET status = "x" WHERE id = 1', 'write', ['bulk']],
    ['UPDATE crm.orders SET status = "x" WHERE TRUE', 'write', ['unbounded', 'bulk']],
    ['UPDATE crm.orders SET status = "x" WHERE 1 = 1 AND (2 > 1)', 'write', ['unbounded', 'bulk']],
    ['UPDATE crm.orders SET status = "x" WHERE id = 1 OR TRUE', 'write', ['unbounded', 'bulk']],
    ['UPDATE crm.orders SET status = "x" WHERE id = id', 'write', ['unbounded', 'bulk']],
    ['DELETE FROM crm.orders WHERE (((TRUE)))', 'delete', ['unbounded', 'bulk']],
    ['DELETE FROM crm.orders WHERE id BETWEEN 1 AND 2', 'delete', ['bulk']],
    ['TRUNCATE TABLE crm.orders', 'delete', ['unbounded', 'irreversible']],
    ['MERGE crm.orders t USING crm.users s ON t.id = s.id WHEN MATCHED THEN DELETE', 'write', ['bulk']],
    ['CREATE TABLE crm.t (id INT64, name STRING(10))', 'define', ['schema']],
    ['CREATE OR REPLACE TABLE crm.orders AS SELECT 1 AS id', 'define', ['schema', 'irreversible']],
    ['CREATE TABLE crm.t AS SELECT id FROM crm.orders', 'define', ['schema']],
    ['CREATE VIEW crm.v AS SELECT id FROM crm.orders', 'define', ['schema']],
    ['ALTER TABLE crm.orders ADD COLUMN note STRING', 'define', ['schema']],
    ['ALTER TABLE crm.users ADD COLUMN note STRING, ADD COLUMN more STRUCT<a INT64, b STRING>', 'define', ['schema']],
    ['DROP TABLE crm.orders', 'define', ['schema', 'irreversible']],
    ['DROP TABLE IF EXISTS crm.users', 'define', ['schema', 'irreversible']],
    ['DROP SCHEMA crm', 'define', ['schema', 'irreversible']],
    ['CREATE SCHEMA IF NOT EXISTS crm2', 'define', ['schema']],
  ])('%s', (text, verb, risks) => {
    const operation = understood(text);

    expect(operation.unprovable).toBeUndefined();
    expect(operation).toMatchObject({ verb, risks });
  });

  test('what is billed is told without what is hidden, whose length it would tell', () => {
    expect(understood('SELECT email FROM crm.users').estimates).toEqual({ bytes: 10 });
    expect(understood('SELECT id FROM crm.orders').estimates).toEqual({ bytes: 100 });
    expect(understood('DELETE FROM crm.users WHERE id = 1').estimates).toEqual({});
  });

  test('it hears of all classes and masks of what is touched, and a warning where a condition sees a mask', () => {
    const operation = understood('SELECT id FROM hr.staff WHERE salary > 5', { transforms: { SALARY: 'token' } });

    expect(operation).toMatchObject({
      ...{ classes: expect.arrayContaining(['SALARY']), protection: 'rewritten' },
      masks: [{ resource: 'hr.staff.salary', class: 'SALARY', transform: 'redact' }],
      warnings: ['hr.staff.salary is masked: conditions, grouping and order see the mask, not the value.'],
    });
  });
});
