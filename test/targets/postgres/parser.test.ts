import { afterAll, describe, expect, test } from 'vitest';
import { asProblem } from '../../../src/model/problem.ts';
import { createParser } from '../../../src/targets/postgres/parser.ts';
import { checkText } from '../../../src/targets/postgres/preflight.ts';
import { ofType } from '../../../src/targets/postgres/syntax.ts';

const parser = createParser({ workers: 1 });
afterAll(() => parser.close());

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
