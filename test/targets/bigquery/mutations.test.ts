import { describe, expect, test } from 'vitest';
import type { Names } from '../../../emulators/bigquery/sql/scope.ts';
import { prepare } from '../../../emulators/bigquery/sql/statements.ts';
import { tokensOf } from '../../../src/targets/bigquery/language/tokens.ts';
import { emptiedOf } from '../../../src/targets/bigquery/texts.ts';
import { accepted } from './corpus.ts';
import { orders, project, settings, staff, understood, users } from './known.ts';

const tables = [users, orders, staff];
const rounds = 3000;

/** The emulator's own reader of GoogleSQL, which shares nothing with the target's: the tables that it sees in a text. */
function seenBy(text: string): string[] | undefined {
  const names: Names = {
    relation(parts) {
      const path = parts.flatMap((part) => part.split('.'));
      const [projectId = '', datasetId = '', tableId = ''] = path.length === 2 ? [project, ...path] : path;
      const known = tables.find(({ name }) => name === [projectId, datasetId, tableId].join('.'));
      if (known === undefined) throw new Error('Not found');
      return { kind: 'stored', reference: { projectId, datasetId, tableId }, sql: 'x', changed: 0 };
    },
    tableFunction() {
      throw new Error('Not found');
    },
    parameter: () => 'NULL',
  };
  try {
    const { referenced } = prepare(text, names);
    return referenced.map(({ projectId, datasetId, tableId }) => `${projectId}.${datasetId}.${tableId}`).sort();
  } catch {
    return undefined;
  }
}

/** Numbers from 0 to 1, the same each time (a linear congruential generator; Knuth's MMIX). */
function chances(seed: number) {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 11n) / 2 ** 53;
  };
}

const spice = [
  ...[
    'FROM',
    'JOIN',
    ',',
    '(',
    ')',
    'crm.users',
    '`crm.users`',
    'hr.staff',
    'acme-shop-1.crm.users',
    'users',
    'AS',
    'WITH',
    'users AS (',
    'SELECT',
    '*',
  ],
  ...[
    'UNION ALL',
    'UNNEST(',
    '"',
    "'",
    '`',
    '"""',
    '/*',
    '*/',
    '--',
    '#',
    '\n',
    '|>',
    'USING (id)',
    'ON TRUE',
    'EXTRACT(',
    'IS DISTINCT FROM',
    'EXCEPT',
    ';',
  ],
  ...[
    'EXISTS (SELECT 1 FROM hr.staff)',
    'r"',
    "b'",
    '.',
    'crm',
    '-',
    '\\',
    'FOR',
    'PIVOT',
    'LATERAL',
    'RECURSIVE',
    'LIMIT 1',
    '(SELECT MAX(salary) FROM hr.staff)',
  ],
];

/** A text with a few of its words left out, doubled, exchanged, or with others between them. */
function mutated(text: string, chance: () => number): string {
  const words = tokensOf(text).tokens.map(({ start, end }) => text.slice(start, end));
  const at = () => Math.floor(chance() * (words.length + 1));
  for (let left = 1 + Math.floor(chance() * 3); left > 0; left -= 1) {
    const kind = chance();
    if (kind < 0.5) words.splice(at(), 0, spice[Math.floor(chance() * spice.length)] ?? '');
    else if (kind < 0.65) words.splice(at(), 1);
    else if (kind < 0.8) words.splice(at(), 0, words[at()] ?? '');
    else {
      const [one, other] = [at(), at()];
      [words[one], words[other]] = [words[other] ?? '', words[one] ?? ''];
    }
  }
  return words.join(chance() < 0.9 ? ' ' : '');
}

describe('statements that were changed at random', () => {
  test('show a second reader no table once theirs are replaced, and none but theirs once they are masked', () => {
    const chance = chances(20_261_122);
    const texts = accepted.map(([text]) => text);
    let judged = 0;

    for (let round = 0; round < rounds; round += 1) {
      const text = mutated(texts[Math.floor(chance() * texts.length)] ?? '', chance);
      const read = seenBy(text);
      if (read === undefined) continue;
      const operation = understood(text, { tables, dryRun: { referencedTables: read } });
      if (operation.unprovable !== undefined) continue;
      judged += 1;

      const emptied = emptiedOf({ text, parameters: [] }, tables, settings) ?? text;

      expect(seenBy(emptied), text).toEqual([]);
      expect(seenBy(operation.plan.text), text).toEqual(read);
    }

    expect(judged).toBeGreaterThan(rounds / 50);
  });
});
