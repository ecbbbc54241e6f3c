import { afterAll, describe, expect, test } from 'vitest';
import { asProblem } from '../../../src/model/problem.ts';
import { createParser } from '../../../src/targets/postgres/language/parser.ts';
import { checkText } from '../../../src/targets/postgres/language/preflight.ts';
import { ofType } from '../../../src/targets/postgres/language/syntax.ts';

const parser = createParser({ workers: 1 });
afterAll(() => parser.close());

const many = (times: number, item: (index: number) => string) =>
  Array.from({ length: times }, (_, index) => item(index)).join(',');
const nested = (open: string, close: string, times: number) => `SELECT ${open.repeat(times)}1${close.repeat(times)}`;

describe('the parser', () => {
  test('says where a syntax error is, and nothing of what stands there', async () => {
    await expect(parser.parse("SELECT 'é',\n  secret secret secret")).rejects.toMatchObject({
      code: 'operation-unreadable',
      detail: 'Syntax error at line 2, column 17.',
    });
  });

  test('takes one statement, no more and no less', async () => {
    for (const text of ['SELECT 1; SELECT 2', '', ';', '-- nothing']) {
      await expect(parser.parse(text)).rejects.toMatchObject({ code: 'operation-unreadable' });
    }
    await expect(parser.parse('SELECT 1;')).resolves.toBeDefined();
  });

  const crashes: Record<string, string> = {
    'a chain of operators': `SELECT ${'1+'.repeat(100_000)}1`,
    'a shorter chain of operators': `SELECT ${'1+'.repeat(2900)}1`,
    'nested brackets': nested('(', ')', 20_000),
    'nested arrays': nested('ARRAY[', ']', 5000),
    'nested subqueries': `${'SELECT * FROM ('.repeat(1000)}SELECT 1${') x'.repeat(1000)}`,
    'a chain of NOT': `SELECT ${'NOT '.repeat(20_000)}true`,
    'a chain of signs': `SELECT ${'- '.repeat(20_000)}1`,
    'a chain of casts': `SELECT 1${'::int'.repeat(20_000)}`,
    'a chain of UNION': `SELECT 1${' UNION SELECT 1'.repeat(20_000)}`,
    'a chain of CASE': `SELECT ${'CASE WHEN true THEN '.repeat(5000)}1${' END'.repeat(5000)}`,
    'a chain of joins': `SELECT * FROM a${' JOIN a ON true'.repeat(10_000)}`,
    'a chain of fields': `SELECT (x)${'.a'.repeat(50_000)}`,
    'a chain of subscripts': `SELECT x${'[1]'.repeat(50_000)}`,
    'ten thousand CTEs': `WITH ${many(10_000, (index) => `c${index} AS (SELECT 1)`)} SELECT 1`,
    'a hundred thousand values': `SELECT 1 WHERE 1 IN (${many(100_000, () => '1')})`,
    'forty thousand rows': `VALUES ${many(40_000, () => '(1)')}`,
    'sixty thousand parameters': `SELECT ${many(60_000, (index) => `$${(index % 9) + 1}`)}`,
    'a quarter of a million statements': ';'.repeat(250_000),
    'sixty thousand comments': `SELECT 1 ${'\n--x'.repeat(60_000)}`,
    'endless dollar quotes': `SELECT ${'$x$'.repeat(50_001)}`,
    'an endless name': `SELECT "${'x'.repeat(200_000)}`,
    'nested rows': nested('ROW(', ')', 5000),
    'nested functions': nested('abs(', ')', 5000),
    'nested CTEs': `${'WITH a AS ('.repeat(2000)}SELECT 1${') SELECT 1'.repeat(2000)}`,
    'nested CASE operands': `SELECT ${'CASE '.repeat(2500)}1${' WHEN 1 THEN 1 END'.repeat(2500)}`,
    'a chain of COLLATE': `SELECT 'x'${' COLLATE "C"'.repeat(5000)}`,
    'a chain of AT TIME ZONE': `SELECT now()${" AT TIME ZONE 'UTC'".repeat(4000)}`,
    'a chain of IS NULL': `SELECT 1${' IS NULL'.repeat(4000)}`,
    'a chain of EXCEPT in brackets': `${'('.repeat(1000)}SELECT 1${' EXCEPT SELECT 1)'.repeat(1000)}`,
    'nested JSON': nested('JSON_ARRAY(', ')', 5000),
    'nested EXPLAIN': `${'EXPLAIN '.repeat(5000)}SELECT 1`,
    'an endless string': `SELECT '${'x'.repeat(200_000)}`,
    'an endless comment': `SELECT ${'/*'.repeat(50_000)}`,
  };
  for (const [name, text] of Object.entries(crashes)) {
    test(`refuses ${name}, and reads the next statement as ever`, async () => {
      const answer = await parser.parse(text).then(
        () => 'read',
        (error: unknown) => asProblem(error).code,
      );

      expect(answer).toBe('operation-unreadable');
      const { statement } = await parser.parse('SELECT 1');
      expect(ofType(statement, 'SelectStmt')).toBeDefined();
    });
  }

  test('reads a long list, which is not deep', async () => {
    const list = Array.from({ length: 5000 }, (_, index) => index).join(',');

    await expect(parser.parse(`SELECT * FROM t WHERE id IN (${list})`)).resolves.toBeDefined();
  });

  test('answers small statements while large ones wait, and however many of them break it', async () => {
    const shared = createParser({ workers: 2 });
    const answered: string[] = [];
    const note = (name: string) => () => answered.push(name);
    const large = `SELECT 1 WHERE 1 IN (${many(5000, (index) => String(index))})`;
    const breaking = `SELECT ${'1+'.repeat(2900)}1${' '.repeat(10_000)}`;

    const attack = Array.from({ length: 10 }, (_, index) =>
      shared.parse(index % 2 === 0 ? large : breaking).then(note('large'), note('large')),
    );
    const others = Array.from({ length: 40 }, () => shared.parse('SELECT 1').then(note('small')));
    await Promise.all([...attack, ...others]);

    expect(answered.lastIndexOf('small')).toBeLessThan(answered.lastIndexOf('large'));
    await shared.close();
  });

  test('reads hundreds of statements at once, each as itself', async () => {
    const read = await Promise.all(
      Array.from({ length: 300 }, async (_, index) => (await parser.parse(`SELECT "c${index}"`)).tokens[1]?.text),
    );

    expect(read).toEqual(Array.from({ length: 300 }, (_, index) => `"c${index}"`));
  });
});

describe('text that the parser and the server could read differently', () => {
  const statement = (text: string) => () => checkText({ statement: text, parameters: [] });

  test('is refused before either sees it', () => {
    expect(statement('SELECT 1\0; DROP TABLE users')).toThrow('could not be read');
    expect(statement('SELECT \ud800')).toThrow('could not be read');
    expect(statement('x'.repeat(256 * 1024 + 1))).toThrow('could not be read');
    expect(() => checkText({ statement: 'SELECT $1', parameters: ['\0'] })).toThrow('could not be read');
    expect(() => checkText({ statement: 'SELECT $1', parameters: ['\udfff'] })).toThrow('could not be read');
  });

  test('does not include what is merely unusual', () => {
    expect(statement("SELECT 'é漢😀', U&'\\0041', E'\\u00e9'")).not.toThrow();
  });
});
