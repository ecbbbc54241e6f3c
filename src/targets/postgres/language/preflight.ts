import { Problem } from '../../../model/problem.ts';
import { Refusal } from '../refusal.ts';
import type { Request } from '../settings.ts';
import { isFields, type Token } from './syntax.ts';

const statementBytes = 256 * 1024;
const parameterBytes = 1024 * 1024;
const nesting = 200;
const operators = 3000;
const signs = 15_000;
const treeDepth = 1500;
/** `MaxTupleAttributeNumber` of PostgreSQL. */
const columns = 1664;

/** R1, before the parser: throws `operation-unreadable` for text that the parser and the server could read differently. */
export function checkText({ statement, parameters }: Request): void {
  const unreadable = (detail: string) => new Problem('operation-unreadable', { detail });
  if (Buffer.byteLength(statement) > statementBytes)
    throw unreadable('R1: The statement is larger than 256 KiB; send it in parts, and values as parameters.');

  let bytes = 0;
  for (const text of [statement, ...parameters]) {
    if (typeof text !== 'string') continue;
    if (text.includes('\0')) throw unreadable('R1: A NUL character is not allowed; leave it out.');
    if (!text.isWellFormed())
      throw unreadable('R1: The text holds a lone surrogate, which is not Unicode; send it in UTF-8.');
    bytes += Buffer.byteLength(text);
  }
  if (bytes > parameterBytes)
    throw unreadable('R1: The parameters are larger than 1 MiB together; send them in parts.');
}

/** A word, a quoted text, or one other sign: about as many as the scanner finds, or more, counted in no time. */
const wordOrSign = /'[^']*'|"[^"]*"|[\w$\u0080-\uffff]+|\S/g;

/** R1, before the scanner: refuses so many tokens that to read them would keep others waiting. */
export function checkLength(text: string): void {
  let count = 0;
  for (const _ of text.matchAll(wordOrSign)) {
    count += 1;
    if (count > signs) {
      throw new Refusal(
        'R1',
        `More than ${signs} words and signs; send less in one statement, and long lists as one parameter (= ANY ($1)).`,
      );
    }
  }
}

const harmless = new Set(['NULL', 'TRUE', 'FALSE', 'DEFAULT']);

/** R1, between scanner and parser: refuses what could overflow the parser's stack. */
export function checkTokens(tokens: readonly Token[]): void {
  let depth = 0;
  let count = 0;
  for (const { text, keyword } of tokens) {
    if (text === '[') count += 1;
    if (text === '(' || text === '[') depth += 1;
    else if (text === ')' || text === ']') depth -= 1;
    else if (keyword ? !harmless.has(text.toUpperCase()) : /^[-+*/<>=~!@#%^&|`?:.]+$/.test(text)) count += 1;
    if (depth > nesting)
      throw new Refusal('R1', `More than ${nesting} nested brackets; write it flatter, with CTEs or JOIN.`);
  }
  if (count > operators)
    throw new Refusal(
      'R1',
      `More than ${operators} operators and keywords; send less in one statement, and long lists as one parameter (= ANY ($1)).`,
    );
}

/** R1, after the parser: refuses a tree so deep that walking it could overflow, and more columns than the server takes. Walks without recursion. */
export function checkTree(tree: unknown): void {
  let level: unknown[] = [tree];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > treeDepth)
      throw new Refusal(
        'R1',
        'The expression is nested too deeply; write it flatter, with IN (…) or = ANY ($1) for a chain of OR.',
      );
    if (level.some(hasManyColumns))
      throw new Refusal('R1', `More than ${columns} columns in one list; name the columns that you need.`);
    level = level.flatMap((value) => (Array.isArray(value) ? value : isFields(value) ? Object.values(value) : []));
  }
}

const hasManyColumns = (value: unknown) =>
  isFields(value) && Array.isArray(value['targetList']) && value['targetList'].length > columns;
