import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('docs/threat-model.md', root), 'utf8');

type Row = { id: string; shown: string };
type Reference = { id: string; file: string; titles: string[] };

/** Rows of the tables whose last column says by which tests something is shown. */
function rowsOf(markdown: string): Row[] {
  let isShown = false;
  return markdown.split('\n').flatMap((line) => {
    if (!line.startsWith('|')) {
      isShown = false;
      return [];
    }
    const cells = line.split('|').slice(1, -1);
    const [first = '', last = ''] = [cells.at(0)?.trim(), cells.at(-1)?.trim()];
    if (last === 'shown by') isShown = true;
    const [id = ''] = first.split(' ');
    return isShown && /^[A-Z]+\d+$/.test(id) ? [{ id, shown: last }] : [];
  });
}

/** `file` › group › title, of which the group may be missing. */
const referencesOf = ({ id, shown }: Row): Reference[] =>
  shown.split('<br>').map((reference) => {
    const [file = '', ...titles] = reference.split(' › ');
    return { id, file: file.replaceAll('`', ''), titles };
  });

/** Titles stand in the source as the first argument of a call, in any quotes. */
function hasTitle(source: string, title: string): boolean {
  return [`'${title}'`, `"${title}"`, `\`${title}\``].some((quoted) =>
    new RegExp(`\\(\\s*${quoted.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')}\\s*,`).test(source),
  );
}

function faultsOf(rows: readonly Row[]): string[] {
  return rows.flatMap(referencesOf).flatMap(({ id, file, titles }) => {
    if (!/^test\/\S+\.test\.ts$/.test(file) || titles.length === 0) return [`${id}: no test is named in «${file}»`];
    const path = new URL(file, root);
    if (!existsSync(path)) return [`${id}: there is no ${file}`];
    const source = readFileSync(path, 'utf8');
    return titles.filter((title) => !hasTitle(source, title)).map((title) => `${id}: ${file} has no «${title}»`);
  });
}

describe('the threat model', () => {
  test('names for each invariant and each threat tests that exist under these very names', () => {
    expect(faultsOf(rowsOf(text))).toEqual([]);
  });

  test('speaks of all eight invariants, and numbers its threats without a gap', () => {
    const ids = rowsOf(text).map(({ id }) => id);

    expect(ids).toEqual([...new Set(ids)]);
    expect(ids.filter((id) => id.startsWith('I'))).toEqual(['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8']);
    for (const letter of ['A', 'H', 'P', 'T']) {
      const numbered = ids.filter((id) => id.startsWith(letter));
      expect(numbered).toEqual(numbered.map((_, index) => `${letter}${index + 1}`));
      expect(numbered.length).toBeGreaterThan(4);
    }
  });

  test.each([
    ['a file that is not there', '`test/nowhere.test.ts` › nothing leaves'],
    ['a title that the file does not have', '`test/config.test.ts` › is read from the tea leaves'],
    ['no test', '–'],
  ])('would be found out if it named %s', (_, shown) => {
    const planted = `| id | threat | shown by |\n| --- | --- | --- |\n| A1 · S | Something. | ${shown} |`;

    expect(faultsOf(rowsOf(planted))).toHaveLength(1);
  });
});
