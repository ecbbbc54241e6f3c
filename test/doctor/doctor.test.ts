import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { apis } from '../../src/doctor/apis.ts';
import { exitStatusOf } from '../../src/doctor/doctor.ts';
import { examined, notOk } from './examined.ts';
import { faults } from './faults.ts';

test('a healthy deployment: every check holds, and nothing was asked that Google does not document', async () => {
  const { findings, strange } = await examined(undefined, { served: true });

  expect(notOk(findings)).toEqual([]);
  expect(exitStatusOf(findings)).toBe(0);
  expect(strange).toEqual([]);
});

const inputs = readdirSync('terraform')
  .filter((file) => file.endsWith('.tf'))
  .map((file) => readFileSync(`terraform/${file}`, 'utf8'))
  .join('\n');

/** Inputs of Terraform that a text names in backticks, and the module does not take. */
function unknownInputs(mend: string): string[] {
  const named = [...mend.matchAll(/`([a-z_.]+)[^`]*`/g)].map(([, path = '']) => path);
  return named.filter((path) => {
    const [root, ...fields] = path.split('.');
    return (
      !inputs.includes(`variable "${root}"`) || !fields.every((field) => new RegExp(`\\b${field}\\s+=`).test(inputs))
    );
  });
}

test.each(faults)('$when: that alone is found, with what to do about it', async (fault) => {
  const { change, check, says, mend, status = 'fault' } = fault;

  const { findings, strange } = await examined(change);

  expect(notOk(findings)).toEqual([
    {
      ...{ check, group: check.split('.')[0], status },
      ...{ what: expect.stringContaining(says), mend: expect.stringContaining(mend) },
    },
  ]);
  expect(exitStatusOf(findings)).toBe(status === 'fault' ? 1 : 0);
  expect(notOk(findings).flatMap(({ mend }) => unknownInputs(mend))).toEqual([]);
  expect(strange).toEqual([]);
});

test('the doctor looks for the very APIs that Terraform enables', () => {
  const text = readFileSync('terraform/main.tf', 'utf8');
  const [, list = ''] = /toset\(concat\(\[\n([\s\S]*?)\n\s*\],/.exec(text) ?? [];

  expect(list.match(/[a-z]+(?=\.googleapis\.com)/g)).toEqual([...apis]);
});
