import { expect, test } from 'vitest';
import { connectionSchema, type PolicySet, policySchema } from '../../src/model/documents.ts';
import { approversOf } from '../../src/policy/policy.ts';

const connection = (labels: Record<string, string>) =>
  connectionSchema.parse({ kind: 'postgres', settings: {}, labels, credential: { secret: 'projects/p/secrets/s' } });

const asking = (connections: string[], approvers?: string[]) =>
  policySchema.parse({
    ...{ principals: ['*'], connections, verbs: ['*'], effect: 'guard' },
    ...(approvers && { approval: { approvers } }),
  });

const policySet: PolicySet = {
  version: 'v1',
  connections: new Map([
    ['crm', connection({ team: 'sales' })],
    ['hr', connection({ team: 'people' })],
  ]),
  policies: new Map([
    ['by-name', asking(['crm'], ['group:dba'])],
    ['by-label', asking(['team=sales'], ['user:lead@example.com', 'group:dba'])],
    ['by-pattern', asking(['h*'], ['group:hr'])],
    ['asks-nobody', asking(['*'])],
  ]),
  groups: new Map(),
  classifications: new Map(),
  agents: new Map(),
  invalid: [],
};

test.each([
  ['crm', ['group:dba', 'user:lead@example.com']],
  ['hr', ['group:hr']],
  ['gone', []],
])('who approves on %s is whoever a policy that names it asks', (name, approvers) => {
  const found = approversOf(name, policySet);

  expect(found).toEqual(approvers);
});
