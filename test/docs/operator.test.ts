import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { atScale, beatsOf, perMillion, perMonth, scaleTable, tableOf } from '../../bench/cost.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Titles of all alerts: those of the maps, and those of alerts of their own, of which some stand for several. */
function alertTitles(terraform: string): string[] {
  const ofMaps = [...terraform.matchAll(/^ {6}title +(?:=) "([^"]+)"$/gm)].map(([, title = '']) => title);
  const own = [...terraform.matchAll(/^ {2}display_name +(?:=) "Sallyport: ([^"]+)"$/gm)]
    .map(([, title = '']) => title)
    .filter((title) => !/\$\{each\.value/.test(title));
  return [...ofMaps, ...own.flatMap(eachOf)];
}

/** An alert that is made for each of the services that are looked at from outside. */
const eachOf = (title: string) =>
  /\$\{each\.key\}/.test(title)
    ? ['gateway', 'console'].map((name) => title.replace(/\$\{each\.key\}/, name))
    : [title];

const entries = (page: string) => [...page.matchAll(/^\| ([^|]+?) \|/gm)].map(([, title]) => title);

describe('the operator’s guide', () => {
  test('has an entry for each alert of Terraform, and for no other', () => {
    const titles = alertTitles(read('terraform/monitoring.tf'));

    const told = entries(read('docs/operator-alerts.md')).filter((title) => title !== 'alert' && title !== '---');

    expect(titles.length).toBeGreaterThan(10);
    expect(told.toSorted()).toEqual(titles.toSorted());
  });

  test('shows the costs as they are reckoned', () => {
    const page = read('docs/operator-costs.md');

    expect(page).toContain(tableOf(perMillion()).join('\n'));
    expect(page).toContain(tableOf(perMonth()).join('\n'));
    expect(read('docs/operator-scaling.md')).toContain(scaleTable().join('\n'));
  });

  test('leads from its first page to each of its parts', () => {
    const first = read('docs/operator.md');

    for (const part of ['keys', 'alerts', 'recovery', 'scaling', 'costs'])
      expect(first).toContain(`(operator-${part}.md)`);
  });
});

describe('what instances cost that nobody calls', () => {
  test('is five reads for each beat and one for each lease, of each instance', () => {
    expect(beatsOf(1)).toEqual({ reads: 5 * 8640 + 8640, writes: 5 * 8640 + 8640 });
  });

  test('grows in reads with the instances, and in nothing faster', () => {
    const [ten, hundred] = atScale();

    expect(hundred?.reads).toBeLessThanOrEqual(10 * (ten?.reads ?? 0));
    expect(beatsOf(100).reads).toBe(100 * beatsOf(1).reads);
  });
});
