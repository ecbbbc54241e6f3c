import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { served } from './served.ts';

type Sample = { name: string; resource: string; verb: string; status: number; text: string };

/** Answers of a kube-apiserver 1.20, as they came; the secret is planted in all that one can be written in. */
const samples: Sample[] = readFileSync(new URL('samples.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const planted = 'pL4ntedSecret';
const planted64 = Buffer.from(planted).toString('base64');

test.each(samples)('no secret is in what a real API server answers: $name', async ({ resource, verb, text }) => {
  for (const size of [65536, 333]) {
    const left = await served(resource, text, { verb, size });

    expect(left).not.toContain(planted);
    expect(left).not.toContain(planted64.slice(0, 14));
    expect(left.split('\n').length).toBe(text.split('\n').length);
    for (const line of left.trim().split('\n')) expect(JSON.parse(line)).toBeTypeOf('object');
  }
});

test('the secret is in most of them', () => {
  const holding = samples.filter(({ text }) => text.includes(planted) || text.includes(planted64));

  expect(holding.length).toBeGreaterThan(50);
});

test.each([
  ['a Deployment with another selector', 'field is immutable|\\[CREDENTIAL\\]'],
  ['a Pod with an env that is none', 'a valid environment variable name must consist of'],
  ['create it twice', 'already exists'],
])('what is wrong is still told: %s', async (name, expected) => {
  const sample = samples.find((one) => one.name === name);

  const left = JSON.parse(await served(sample?.resource ?? '', sample?.text ?? '', { verb: sample?.verb ?? '' }));

  expect(left.message).toMatch(new RegExp(expected));
});
