import { describe, expect, test } from 'vitest';
import type { Transform } from '../../../src/model/documents.ts';
import { emptyRelation, maskedRelation } from '../../../src/targets/bigquery/masks/masks.ts';
import { field, table, understood, users } from './known.ts';

const masked = (paths: Record<string, string>, transforms: Record<string, Transform> = {}, of = users) =>
  maskedRelation({
    table: of,
    hidden: new Map(Object.entries(paths).map(([path, name]) => [path, [name]])),
    transforms: new Map(Object.entries(transforms)),
  });

describe('masks', () => {
  test.each([
    ['email', "'[C]' AS `email`"],
    ['born', 'CAST(NULL AS DATE) AS `born`'],
    ['contact', 'CAST(NULL AS STRUCT<`city` STRING, `phone` STRING>) AS `contact`'],
    ['aliases', "['[C]'] AS `aliases`"],
    ['notes', 'ARRAY<STRUCT<`at` TIMESTAMP, `text` STRING>>[] AS `notes`'],
    ['profile', 'CAST(NULL AS JSON) AS `profile`'],
    [
      'contact.phone',
      "IF(sallyport_row.`contact` IS NULL, NULL, STRUCT(sallyport_row.`contact`.`city` AS `city`, '[C]' AS `phone`)) AS `contact`",
    ],
  ])('a hidden %s never reads it', (path, expression) => {
    const text = masked({ [path]: 'C' });

    expect(text).toContain(expression);
    if (!path.includes('.')) expect(text).not.toContain(`sallyport_row.\`${path}\``);
  });

  test('a repeated record keeps its order, and NULL is not empty', () => {
    expect(masked({ 'notes.text': 'NOTE' })).toContain(
      "IF(sallyport_row.`notes` IS NULL, NULL, ARRAY(SELECT AS STRUCT sallyport_element_1.`at` AS `at`, '[NOTE]' AS `text` FROM UNNEST(sallyport_row.`notes`) AS sallyport_element_1 WITH OFFSET AS sallyport_order_1 ORDER BY sallyport_order_1))",
    );
  });

  test('records are masked at any depth, each with elements of its own', () => {
    const leaf = field('secret', 'STRING', { mode: 'REPEATED' });
    const deep = table('crm.deep', [
      field('a', 'STRUCT', {
        mode: 'REPEATED',
        fields: [
          field('b', 'STRUCT', {
            fields: [field('c', 'STRUCT', { mode: 'REPEATED', fields: [leaf, field('seen', 'INT64')] })],
          }),
        ],
      }),
    ]);

    const text = masked({ 'a.b.c.secret': 'S' }, {}, deep);

    expect(text).toContain('UNNEST(sallyport_element_1.`b`.`c`) AS sallyport_element_2');
    expect(text).toContain("['[S]'] AS `secret`, sallyport_element_2.`seen` AS `seen`");
  });

  test('partial shows the last four and no more, and falls back by type', () => {
    const text = masked({ email: 'E', card: 'E', born: 'E', aliases: 'E', score: 'E' }, { E: 'partial' });

    expect(text).toContain(
      "CASE WHEN sallyport_row.`email` IS NULL THEN NULL WHEN CHAR_LENGTH(sallyport_row.`email`) >= 8 THEN CONCAT('****', SUBSTR(sallyport_row.`email`, -4)) ELSE '[E]' END",
    );
    expect(text).toContain('IF(sallyport_row.`card` >= 10000000, MOD(sallyport_row.`card`, 10000), NULL)');
    expect(text).toContain('CAST(NULL AS DATE) AS `born`');
    expect(text).toContain('CAST(NULL AS FLOAT64) AS `score`');
    expect(text).toContain('FROM UNNEST(sallyport_row.`aliases`) AS sallyport_element_1');
  });

  test('a token is redacted, as its key would stand in the job', () => {
    expect(masked({ email: 'E' }, { E: 'token' })).toContain("'[E]' AS `email`");
    expect(
      understood('SELECT email FROM crm.users', { transforms: { EMAIL_ADDRESS: 'token' } }).masks[0],
    ).toMatchObject({ transform: 'redact' });
  });

  test('null is NULL, and nothing of several classes is shown in part', () => {
    expect(masked({ email: 'E' }, { E: 'null' })).toContain('CAST(NULL AS STRING) AS `email`');
    const both = maskedRelation({
      table: users,
      hidden: new Map([['email', ['E', 'F']]]),
      transforms: new Map([
        ['E', 'partial'],
        ['F', 'partial'],
      ]),
    });
    expect(both).toContain("'[E]' AS `email`");
  });

  test('the empty relation has every type, and reads nothing', () => {
    const all = table('crm.all', [
      ...[
        'BYTES',
        'NUMERIC',
        'BIGNUMERIC',
        'DATETIME',
        'TIME',
        'GEOGRAPHY',
        'INTERVAL',
        'JSON',
        'BOOLEAN',
        'INTEGER',
        'FLOAT',
      ].map((type) => field(`c ${type}`, type)),
      field('r', 'RANGE', { rangeOf: 'DATE', mode: 'REPEATED' }),
    ]);

    const text = emptyRelation(all);

    expect(text).toContain('`c BOOLEAN` BOOL, `c INTEGER` INT64, `c FLOAT` FLOAT64, `r` ARRAY<RANGE<DATE>>');
    expect(text).not.toContain('crm');
  });

  test.each([
    ['a type that is not known', table('crm.t', [field('a', 'PROTO')])],
    ['a name that backticks cannot hold', table('crm.t', [field('a`, (SELECT 1) AS b', 'STRING')])],
    ['no columns', table('crm.t', [])],
  ])('a table with %s is refused', (_why, of) => {
    const operation = understood('SELECT 1 AS x FROM crm.t', { tables: [of], unclassified: 'allow', emptied: {} });

    expect(operation.unprovable).toBeDefined();
    expect(operation.plan.text).toBe('');
  });
});
