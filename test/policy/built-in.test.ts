import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type PolicySet, policySchema, type risks, type TargetKind, type Verb } from '../../src/model/documents.ts';
import { decide, whyUnusable } from '../../src/policy/policy.ts';
import { aPolicySet, aQuestion } from './questions.ts';

const folder = new URL('../../policies/built-in/', import.meta.url);
const shipped = readdirSync(folder).map((file) => ({
  name: file.replace(/\.yaml$/, ''),
  document: parse(readFileSync(new URL(file, folder), 'utf8')),
}));
const guards: PolicySet['policies'] = new Map(
  shipped.map(({ name, document }) => [name, policySchema.parse(document)]),
);
const everything = aPolicySet({ policies: { everything: { verbs: ['*'] } } });
const guarded: PolicySet = { ...everything, policies: new Map([...everything.policies, ...guards]) };

test.for(shipped)('$name is a guard that asks the approvers, and its condition compiles', ({ document }) => {
  expect(policySchema.parse(document)).toMatchObject({
    effect: 'guard',
    approval: { approvers: ['group:sallyport-approvers'] },
  });
  expect(whyUnusable('policies', document)).toBeUndefined();
});

describe('with the built-in guards a human is asked', () => {
  const asked = (verb: Verb, kind: TargetKind = 'postgres', risk?: (typeof risks)[number]) =>
    decide(
      aQuestion(guarded, { connection: { kind }, operation: { kind, verb, risks: risk === undefined ? [] : [risk] } }),
    ).approvals.map(({ policy }) => policy);

  test.for<[Verb, string]>([
    ['define', 'guard-define'],
    ['grant', 'guard-grant'],
    ['administer', 'guard-administer'],
    ['execute', 'guard-execute'],
  ])('for every %s', ([verb, guard]) => {
    expect(asked(verb)).toEqual([guard]);
  });

  test.for<Verb>(['write', 'delete', 'define'])('for a %s in Kubernetes', (verb) => {
    expect(asked(verb, 'kubernetes')).toContain('guard-kubernetes-changes');
  });

  test.for<Verb>(['write', 'delete'])('for a declared command that is a %s on a host', (verb) => {
    expect(asked(verb, 'ssh')).toEqual(['guard-ssh-changes']);
  });

  test.for<Verb>(['read', 'connect'])('but not for one that is a %s', (verb) => {
    expect(asked(verb, 'ssh')).toEqual([]);
  });

  test.for(['unbounded', 'bulk', 'irreversible', 'schema', 'opaque'] as const)('for a read that is %s', (risk) => {
    expect(asked('read', 'postgres', risk)).toEqual(['guard-risks']);
  });

  test.for<Verb>(['read', 'write', 'delete', 'connect'])('but not for a plain %s', (verb) => {
    expect(asked(verb)).toEqual([]);
  });
});
