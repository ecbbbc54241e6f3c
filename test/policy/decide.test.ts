import { describe, expect, test } from 'vitest';
import type { Decision } from '../../src/model/decision.ts';
import { decide } from '../../src/policy/policy.ts';
import { aQuestion, type RawSet } from './questions.ts';

type Row = readonly [name: string, set: RawSet, given: Parameters<typeof aQuestion>[1], expected: Partial<Decision>];

const allowed = { effect: 'allow' } as const;
const noGrant = { effect: 'deny', reason: 'no-grant' } as const;
const dba = { approvers: ['group:dba'] };
const askedOf = (policy: string, approvers = ['group:dba'], count = 1, expires = 1800) => ({
  policy,
  approvers,
  count,
  expires,
});

function check(rows: readonly Row[]) {
  test.for(rows)('%s', ([, set, given, expected]) => {
    const decision = decide(aQuestion(set, given));

    expect(decision).toMatchObject(expected);
  });
}

describe('who', () => {
  const only = (principal: string): RawSet => ({ policies: { p: { principals: [principal] } } });
  check([
    ['nothing is allowed where there is no policy', {}, {}, noGrant],
    ['`*` is everybody', only('*'), {}, allowed],
    ['a service account is named as in IAM', only('serviceAccount:bot@p.iam.gserviceaccount.com'), {}, allowed],
    ['another service account is not meant', only('serviceAccount:other@p.iam.gserviceaccount.com'), {}, noGrant],
    ['a user is named as in IAM', only('user:a@b.c'), { identity: { member: 'user:a@b.c' } }, allowed],
    ['a service account is not the user of the same address', only('user:bot@p.iam.gserviceaccount.com'), {}, noGrant],
    [
      'a principal of a pool is named',
      only('principal://pool/subject/x'),
      { identity: { member: 'principal://pool/subject/x' } },
      allowed,
    ],
    ['a set of principals is named', only('principalSet://pool/attribute.team/sales'), {}, allowed],
    ['another set is not meant', only('principalSet://pool/attribute.team/hr'), {}, noGrant],
    ['a group is named', only('group:analysts'), { groups: ['analysts'] }, allowed],
    ['another group is not meant', only('group:analysts'), { groups: ['dba'] }, noGrant],
    ['a member is not matched by its beginning', only('serviceAccount:bot@p'), {}, noGrant],
  ]);
});

describe('where', () => {
  const only = (entry: string): RawSet => ({ policies: { p: { connections: [entry] } } });
  check([
    ['a connection is named', only('crm'), {}, allowed],
    ['another connection is not meant', only('billing'), {}, noGrant],
    ['a connection is not matched by its beginning', only('cr'), {}, noGrant],
    ['`*` is every connection', only('*'), {}, allowed],
    ['a run of characters may be left open', only('c*m'), {}, allowed],
    ['a label selects', only('env=prod'), {}, allowed],
    ['another value of the label does not', only('env=dev'), {}, noGrant],
    ['another label does not', only('stage=prod'), {}, noGrant],
    ['a value may be left open', only('env=p*'), {}, allowed],
    ['several labels select where all hold', only('env=prod, team=sales'), {}, allowed],
    ['several labels do not select where one does not hold', only('env=prod,team=hr'), {}, noGrant],
    ['a label that every object has by itself selects nothing', only('constructor=*'), {}, noGrant],
  ]);
});

describe('what', () => {
  const verbs = (...list: ('read' | 'write' | '*')[]): RawSet => ({ policies: { p: { verbs: list } } });
  const on = (...resources: string[]): RawSet => ({ policies: { p: { resources } } });
  const touching = (...resources: string[]) => ({ operation: { resources } });
  check([
    ['a verb that is not listed is not granted', verbs('read'), { operation: { verb: 'write' } }, noGrant],
    ['one of several verbs is granted', verbs('read', 'write'), { operation: { verb: 'write' } }, allowed],
    ['`*` is every verb', verbs('*'), { operation: { verb: 'administer' } }, allowed],
    ['without resources a policy speaks of all', { policies: { p: {} } }, touching('anything', 'else'), allowed],
    ['a resource is named', on('public.users'), touching('public.users'), allowed],
    ['a resource is not matched by its beginning', on('public.user'), touching('public.users'), noGrant],
    ['case counts', on('public.users'), touching('public.Users'), noGrant],
    ['a star crosses dots', on('public.*'), touching('public.users.email'), allowed],
    ['a star may stand for nothing', on('public.users*'), touching('public.users'), allowed],
    ['a dot is a dot', on('public.users'), touching('publicxusers'), noGrant],
    ['a question mark is a question mark', on('public.user?'), touching('public.users'), noGrant],
    ['every resource must match', on('public.*'), touching('public.users', 'secret.keys'), noGrant],
    [
      'each resource may match another pattern',
      on('public.*', 'secret.*'),
      touching('public.users', 'secret.keys'),
      allowed,
    ],
    [
      'two policies do not add up to one',
      { policies: { a: { resources: ['public.*'] }, b: { resources: ['secret.*'] } } },
      touching('public.users', 'secret.keys'),
      noGrant,
    ],
    ['what touches no resource is covered by any grant of its verb', on('public.*'), touching(), allowed],
    ['what touches no resource still needs its verb', { policies: { p: { verbs: ['write'] } } }, touching(), noGrant],
    [
      'what could not be understood is not covered by a grant on some resources',
      on('public.*'),
      { operation: { resources: ['public.users'], risks: ['opaque'] } },
      noGrant,
    ],
    [
      'what could not be understood is covered by a grant on all resources',
      on('*'),
      { operation: { resources: ['public.users'], risks: ['opaque'] } },
      allowed,
    ],
  ]);
});

describe('deny', () => {
  const denying = (deny: object): RawSet => ({ policies: { all: {}, no: { effect: 'deny', ...deny } } });
  const denied = { effect: 'deny', reason: 'deny:no', policies: ['no'] } as const;
  check([
    ['a deny wins over an allow', denying({}), {}, denied],
    ['a deny of another verb does not matter', denying({ verbs: ['write'] }), {}, allowed],
    ['a deny for somebody else does not matter', denying({ principals: ['user:x@y.z'] }), {}, allowed],
    ['a deny elsewhere does not matter', denying({ connections: ['billing'] }), {}, allowed],
    ['a deny of another resource does not matter', denying({ resources: ['public.salaries'] }), {}, allowed],
    [
      'a join with a denied resource is denied',
      denying({ resources: ['public.salaries'] }),
      { operation: { resources: ['public.users', 'public.salaries'] } },
      denied,
    ],
    [
      'what could not be understood might touch what is denied',
      { policies: { all: {}, no: { effect: 'deny', resources: ['public.salaries'] } } },
      { operation: { risks: ['opaque'] } },
      denied,
    ],
    [
      'what touches nothing is not touched by a deny of a resource',
      denying({ resources: ['public.salaries'] }),
      { operation: { resources: [] } },
      allowed,
    ],
    ['what touches nothing is denied by a deny of everything', denying({}), { operation: { resources: [] } }, denied],
    ['a deny whose condition fails does not matter', denying({ condition: 'agent.attested' }), {}, allowed],
    [
      'a deny wins over an approval',
      { policies: { all: { approval: dba }, no: { effect: 'deny' } } },
      {},
      { ...denied, approvals: [] },
    ],
    ['no grant can override a deny', { policies: { all: { overrides: ['no'] }, no: { effect: 'deny' } } }, {}, denied],
    [
      'all denies that match are told',
      { policies: { b: { effect: 'deny' }, a: { effect: 'deny' } } },
      {},
      { policies: ['a', 'b'], reason: 'deny:a' },
    ],
  ]);
});

describe('approvals', () => {
  check([
    [
      'a grant with an approval asks',
      { policies: { p: { approval: dba } } },
      {},
      { ...allowed, approvals: [askedOf('p')] },
    ],
    [
      'count and time are the policy’s',
      { policies: { p: { approval: { ...dba, count: 2, expires: '5m' } } } },
      {},
      { approvals: [askedOf('p', ['group:dba'], 2, 300)] },
    ],
    [
      'one grant without an approval is enough',
      { policies: { a: { approval: dba }, b: {} } },
      {},
      { approvals: [], policies: ['b'] },
    ],
    [
      'of several grants that ask, the first by name is asked',
      { policies: { b: { approval: dba }, a: { approval: { approvers: ['group:boss'] } } } },
      {},
      { approvals: [askedOf('a', ['group:boss'])], policies: ['a'] },
    ],
    ['a guard grants nothing', { policies: { g: { effect: 'guard', approval: dba } } }, {}, noGrant],
    [
      'a guard lays its approval on a grant',
      { policies: { p: {}, g: { effect: 'guard', approval: dba } } },
      {},
      { ...allowed, approvals: [askedOf('g')], policies: ['p', 'g'] },
    ],
    [
      'the approvals of all guards are needed besides the grant’s',
      {
        policies: {
          p: { approval: dba },
          h: { effect: 'guard', approval: dba },
          g: { effect: 'guard', approval: dba },
        },
      },
      {},
      { approvals: [askedOf('p'), askedOf('g'), askedOf('h')] },
    ],
    [
      'a guard of another verb does not ask',
      { policies: { p: {}, g: { effect: 'guard', verbs: ['write'], approval: dba } } },
      {},
      { approvals: [] },
    ],
    [
      'a guard asks when one of many resources is its own',
      { policies: { p: {}, g: { effect: 'guard', resources: ['public.a'], approval: dba } } },
      { operation: { resources: ['public.b', 'public.a'] } },
      { approvals: [askedOf('g')] },
    ],
    [
      'a guard without an approval asks nobody',
      { policies: { p: {}, g: { effect: 'guard', limits: { rows: 5 } } } },
      {},
      { approvals: [], limits: { rows: 5 } },
    ],
  ]);
});

describe('overrides', () => {
  const guard = { effect: 'guard', approval: dba, limits: { rows: 5 } } as const;
  check([
    [
      'a grant lifts a guard that it names, with its limits, and this is told',
      { policies: { p: { overrides: ['g'] }, g: guard } },
      {},
      { approvals: [], overridden: ['g'], policies: ['p'], limits: {} },
    ],
    [
      'a guard that is not named stays',
      { policies: { p: { overrides: ['g'] }, g: guard, h: guard } },
      {},
      { approvals: [askedOf('h')], overridden: ['g'] },
    ],
    [
      'a guard that does not match is not told as lifted',
      { policies: { p: { overrides: ['g'] }, g: { ...guard, verbs: ['write'] } } },
      {},
      { overridden: [] },
    ],
    [
      'a grant that does not match lifts nothing',
      { policies: { p: {}, q: { overrides: ['g'], verbs: ['write'] }, g: guard } },
      {},
      { approvals: [askedOf('g')], overridden: [] },
    ],
    [
      'a grant that is not used, as it would have to ask, lifts nothing',
      { policies: { p: {}, q: { overrides: ['g'], approval: dba }, g: guard } },
      {},
      { approvals: [askedOf('g')], overridden: [] },
    ],
    [
      'a grant that asks keeps its own approval while it lifts',
      { policies: { p: { overrides: ['g'], approval: dba }, g: guard } },
      {},
      { approvals: [askedOf('p')], overridden: ['g'] },
    ],
  ]);
});

describe('unmasking', () => {
  check([
    ['nothing is unmasked unless a grant says so', { policies: { p: {} } }, {}, { unmask: [] }],
    [
      'a grant unmasks the classes it lists',
      { policies: { p: { unmask: ['EMAIL_ADDRESS'] } } },
      {},
      { unmask: ['EMAIL_ADDRESS'] },
    ],
    [
      'the classes of several grants add up',
      { policies: { a: { unmask: ['B', 'A'] }, b: { unmask: ['C', 'A'] } } },
      {},
      { unmask: ['A', 'B', 'C'] },
    ],
    [
      'a grant for something else unmasks nothing',
      { policies: { a: {}, b: { resources: ['public.orders'], unmask: ['A'] } } },
      {},
      { unmask: [] },
    ],
    [
      'a grant that is not used, as it would have to ask, unmasks nothing',
      { policies: { a: {}, b: { approval: dba, unmask: ['A'] } } },
      {},
      { approvals: [], unmask: [] },
    ],
    [
      'a grant that asks unmasks once it is approved',
      { policies: { a: { approval: dba, unmask: ['A'] }, b: { approval: dba, unmask: ['B'] } } },
      {},
      { approvals: [askedOf('a')], unmask: ['A'] },
    ],
  ]);
});

describe('limits', () => {
  check([
    [
      'the ceilings of the connection hold',
      { policies: { p: {} } },
      { connection: { limits: { rows: 10, bytes: '1KiB' } } },
      { limits: { rows: 10, bytes: 1024 } },
    ],
    [
      'a policy lowers them',
      { policies: { p: { limits: { rows: 5 } } } },
      { connection: { limits: { rows: 10 } } },
      { limits: { rows: 5 } },
    ],
    [
      'a policy cannot raise them',
      { policies: { p: { limits: { rows: 50 } } } },
      { connection: { limits: { rows: 10 } } },
      { limits: { rows: 10 } },
    ],
    [
      'the lowest of all that match holds',
      { policies: { a: { limits: { rows: 5, seconds: 9 } }, b: { limits: { rows: 7, seconds: 3 } } } },
      {},
      { limits: { rows: 5, seconds: 3 } },
    ],
    [
      'a guard lowers them',
      { policies: { p: {}, g: { effect: 'guard', limits: { rows: 2 } } } },
      { connection: { limits: { rows: 10 } } },
      { limits: { rows: 2 } },
    ],
    [
      'what does not match lowers nothing',
      { policies: { p: {}, q: { verbs: ['write'], limits: { rows: 2 } } } },
      {},
      { limits: {} },
    ],
  ]);
});

describe('agents that were switched off', () => {
  const agents = {
    bot: { member: 'serviceAccount:bot@p.iam.gserviceaccount.com', owner: 'user:o@b.c', disabled: true },
  };
  check([
    [
      'a disabled agent is denied everything',
      { policies: { p: {} }, agents },
      {},
      { effect: 'deny', reason: 'agent-disabled:bot' },
    ],
    ['another one is not', { policies: { p: {} }, agents }, { identity: { member: 'user:a@b.c' } }, allowed],
  ]);
});

describe('every decision is stamped with the version of the documents', () => {
  check([
    ['when it allows', { policies: { p: {} } }, {}, { policyVersion: 'v1' }],
    ['when it denies', {}, {}, { policyVersion: 'v1' }],
  ]);
});
