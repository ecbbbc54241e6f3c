import { loadModule, parseSync } from 'libpg-query';
import { freeConstants } from '../../../src/targets/postgres/language/free-constants.ts';
import { type Outline, outlineOf } from '../../../src/targets/postgres/language/outline.ts';
import { fieldsOf, nodesOf } from '../../../src/targets/postgres/language/syntax.ts';

await loadModule();

/** Constants of one kind, harmless, hostile and odd, among which a statement's own may be exchanged. */
const integers = ['0', '1', '7', '10', '42', '007', '99', '1000', '123456', '999999999', '2147483647', '0000000012'];
const wides = ['2147483648', '4111111111111111', '9999999999', '123456789012345678', '378282246310005'];
const decimals = ['0.0', '1.5', '3.14159', '0000.1', '99999.99', '123456789.123456', '0.000000000001'];
const strings = [
  '',
  'x',
  'open',
  'DE',
  '42',
  '-1',
  '%',
  '2026-01-02',
  'now',
  "o''clock",
  "''",
  "'' OR 1 = 1 --",
  '/* */',
  '$1',
  '$$ x $$',
  '(SELECT ssn FROM users)',
  '); DROP TABLE users; --',
  'person1@example.com',
  '4111 1111 1111 1111',
  '123-45-6789',
  'password=hunter2',
  'sk_live_abcdefghijklmnopqrstuvwx',
  'é ü ß €',
  '日本語 🙂',
  '"quoted"',
  'a, b',
  '[EMAIL_ADDRESS]',
  '{"a": [1, 2]}',
  'public.users',
  'day',
  'YYYY-MM-DD',
];

/** The same statement with each of its constants exchanged for another of its kind; `at` chooses among them. */
export function withOtherConstants(
  statement: string,
  { constants }: Outline,
  at: (index: number, count: number) => number,
): string {
  let text = '';
  let copied = 0;
  for (const [index, constant] of constants.entries()) {
    const others = othersOf(constant.text).filter((other) => other !== constant.text);
    text += statement.slice(copied, constant.start) + (others[at(index, others.length)] ?? constant.text);
    copied = constant.end;
  }
  return text + statement.slice(copied);
}

function othersOf(constant: string): readonly string[] {
  if (constant.startsWith("'")) return strings.map((text) => `'${text}'`);
  if (constant.includes('.')) return decimals;
  return Number(constant) > 2 ** 31 - 1 ? wides : integers;
}

/** The same statement with all its free constants exchanged; undefined where it has none, or no outline. */
export function withOtherFreeConstants(statement: string, by = 0): string | undefined {
  const outline = outlineOf(statement);
  if (outline === undefined || outline.constants.length === 0) return undefined;
  const places = freeConstants(treeOf(statement));
  const isFree = outline.constants.map(({ start }) => {
    const offset = Buffer.byteLength(statement.slice(0, start));
    return places.has(offset) || (statement[start - 1] === '-' && places.has(offset - 1));
  });
  if (!isFree.includes(true)) return undefined;
  return withOtherConstants(statement, outline, (index, count) => (isFree[index] ? (by + 5 * index) % count : -1));
}

function treeOf(statement: string) {
  try {
    return fieldsOf(nodesOf(parseSync(statement).stmts)[0]?.['stmt']);
  } catch {
    return {};
  }
}
