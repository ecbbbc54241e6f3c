import { expect, test } from 'vitest';
import { type Objection, objectionTo, unmet } from '../../src/approvals/segregation.ts';
import type { Person } from '../../src/model/approval.ts';

const requester: Person = {
  issuer: 'https://accounts.google.com',
  subject: '1001',
  member: 'serviceAccount:bot@p.iam.gserviceaccount.com',
  email: 'bot@p.iam.gserviceaccount.com',
  groups: ['analysts'],
};
const dba: Person = {
  issuer: 'https://idp',
  subject: '1',
  member: 'user:dba@example.com',
  email: 'dba@example.com',
  groups: ['dba'],
};
const ballot = {
  requester,
  owner: 'user:owner@example.com',
  requirements: [{ policy: 'p', approvers: ['group:dba', 'user:chief@example.com'], count: 1 }],
  voters: [{ ...dba, subject: '9', member: 'user:voted@example.com', email: 'voted@example.com' }],
};

test.each<[string, Partial<Person>, Objection | undefined]>([
  ['a member of an approving group', {}, undefined],
  ['an approver by name', { member: 'user:chief@example.com', email: 'chief@example.com', groups: [] }, undefined],
  ['somebody in no approving group', { groups: ['analysts'] }, 'not-approver'],
  ['somebody whose group only looks alike', { groups: ['DBA', 'group:dba', 'dba2'] }, 'not-approver'],
  [
    'an address that another issuer vouches for',
    { member: 'principal://x', email: 'chief@example.com', groups: [] },
    'not-approver',
  ],
  ['whoever asked', { issuer: requester.issuer, subject: requester.subject }, 'requester'],
  ['whoever asked, by another account with its address', { email: 'BOT@p.iam.gserviceaccount.com' }, 'requester'],
  ['the owner of the agent', { member: 'user:owner@example.com' }, 'owner'],
  ['the owner of the agent, by its address', { member: 'principal://o', email: 'Owner@example.com' }, 'owner'],
  ['somebody who decided already', { issuer: 'https://idp', subject: '9' }, 'voted'],
  ['somebody who decided already, by another account', { issuer: 'https://x', email: 'voted@example.com' }, 'voted'],
  ['a service account', { member: 'serviceAccount:x@p.iam.gserviceaccount.com' }, 'not-human'],
])('%s: %o', (_, changes, objection) => {
  expect(objectionTo({ person: { ...dba, ...changes }, kind: 'human' }, ballot)).toBe(objection);
});

test('an agent never decides, whatever its name and groups', () => {
  expect(objectionTo({ person: dba, kind: 'agent' }, ballot)).toBe('not-human');
});

test('no member of a group that owns the agent decides', () => {
  expect(objectionTo({ person: dba, kind: 'human' }, { ...ballot, owner: 'group:dba' })).toBe('owner');
});

test('counting counts people: two accounts of one address are one', () => {
  const requirements = [{ policy: 'p', approvers: ['group:dba'], count: 2 }];
  const otherAccount = { ...dba, issuer: 'https://other', subject: '2', member: 'principal://2' };
  const other = { ...dba, subject: '3', member: 'user:other@example.com', email: 'other@example.com' };

  expect(unmet(requirements, [dba, otherAccount])).toEqual(requirements);
  expect(unmet(requirements, [dba, other])).toEqual([]);
});

test('one person may serve two requirements, and only those that name them', () => {
  const requirements = [
    { policy: 'a', approvers: ['group:dba'], count: 1 },
    { policy: 'b', approvers: ['user:dba@example.com'], count: 1 },
    { policy: 'c', approvers: ['group:owners'], count: 1 },
  ];

  expect(unmet(requirements, [dba]).map(({ policy }) => policy)).toEqual(['c']);
});
