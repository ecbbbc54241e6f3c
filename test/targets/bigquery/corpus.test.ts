import { describe, expect, test } from 'vitest';
import { subjectOf } from '../../../src/targets/bigquery/language/subject.ts';
import { accepted, changes, refused } from './corpus.ts';
import { project, settings, understood } from './known.ts';

describe('what an analyst writes', () => {
  test.each(accepted)('runs, with each table found in its place: %s', (text, tables) => {
    const { places } = subjectOf({ text, parameters: [] }, settings);

    expect(places.map(({ name }) => name)).toEqual(tables.map((name) => `${project}.${name}`));
    const operation = understood(text);
    expect(operation.unprovable).toBeUndefined();
    expect(operation.resources).toEqual([...new Set(tables)].sort());
  });

  test.each(changes)('runs where it changes only what it may: %s', (text) => {
    const operation = understood(text);

    expect(operation.unprovable).toBeUndefined();
    expect(operation.plan.text).not.toBe('');
  });
});

describe('who wants to see what is hidden', () => {
  test.each(refused)('is refused whatever BigQuery says of it: %s', (text, rule) => {
    const { unprovable, plan } = understood(text);

    expect(unprovable?.rule).toBe(rule);
    expect(unprovable?.detail).toMatch(/;/);
    expect(plan.text).toBe('');
  });
});
