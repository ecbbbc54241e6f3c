import { hasSqlDetails, loadModule, parseSync, scanSync } from 'libpg-query';
import { Refusal } from '../refusal.ts';
import { checkLength, checkTokens, checkTree } from './preflight.ts';
import type { Token } from './syntax.ts';

export type Answer =
  | { tree: unknown; tokens: readonly Token[] }
  | { syntaxError: true; at: number }
  | { refused: string }
  /** The parser itself failed: its memory must not be used again. */
  | { broken: true };

/** `trusted` text was made of text that was checked already, and its tokens are not asked for. */
export type Question = { text: string; trusted: boolean };

/** Once before the first text in each thread. */
export const loadGrammar = loadModule;

/** PostgreSQL's own scanner and parser. Never throws. */
export function parseText({ text, trusted }: Question): Answer {
  try {
    if (trusted) return { tree: parseSync(text).stmts, tokens: [] };
    checkLength(text);
    const tokens = scan(text);
    checkTokens(tokens);
    const tree = parseSync(text);
    checkTree(tree);
    return { tree: tree.stmts, tokens };
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    if (hasSqlDetails(error)) return { syntaxError: true, at: error.sqlDetails?.cursorPosition ?? 0 };
    return { broken: true };
  }
}

/** Empty for text with a lexical fault: the scanner then fails in its own way, and the parser says where. */
function scan(text: string): Token[] {
  try {
    return scanSync(text).tokens.map(({ start, end, text, tokenName, keywordKind }) => ({
      start,
      end,
      text,
      name: tokenName,
      keyword: keywordKind !== 0,
    }));
  } catch {
    parseSync(text);
    throw new Refusal('R1', 'The statement could not be divided into tokens.');
  }
}
