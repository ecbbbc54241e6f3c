import { describe, expect, test } from 'vitest';
import { groupsOf, ownerOf, policy, reachable } from '../../src/policy/policy.ts';
import { aPolicySet, aQuestion, type RawSet } from './questions.ts';

const dba = { approvers: ['group:dba'] };
const reachOf = (set: RawSet, given: Parameters<typeof aQuestion>[1] = {}) => reachable(aQuestion(set, given));

describe('what an identity can reach', () => {
  test('a connection without a grant is out of reach', () => {
    expect(reachOf({})).toBeUndefined();
    expect(reachOf({ policies: { p: { principals: ['group:other'] } } })).toBeUndefined();
    expect(reachOf({ policies: { p: { connections: ['billing'] } } })).toBeUndefined();
  });

  test('the verbs of all grants are within reach, in the order of the verbs', () => {
    const set: RawSet = { policies: { a: { verbs: ['write'] }, b: { verbs: ['read'], resources: ['public.x'] } } };

    expect(reachOf(set)?.verbs).toEqual(['read', 'write']);
  });

  test('a deny that always applies takes its verbs away', () => {
    const set: RawSet = { policies: { a: { verbs: ['read', 'write'] }, no: { verbs: ['write'], effect: 'deny' } } };

    expect(reachOf(set)?.verbs).toEqual(['read']);
  });

  test('a deny of everything hides the connection', () => {
    expect(reachOf({ policies: { a: {}, no: { verbs: ['*'], effect: 'deny' } } })).toBeUndefined();
  });

  test('a deny that hangs on the operation hides nothing', () => {
    const set: RawSet = {
      policies: {
        a: {},
        some: { effect: 'deny', resources: ['public.salaries'] },
        risky: { effect: 'deny', condition: '"bulk" in operation.risks' },
      },
    };

    expect(reachOf(set)?.verbs).toEqual(['read']);
  });

  test('a condition on who asks is answered, one on what is done counts as possible', () => {
    const set: RawSet = {
      policies: {
        a: { condition: 'agent.attested' },
        b: { verbs: ['write'], condition: 'operation.rows_estimate < 9' },
      },
    };

    expect(reachOf(set)?.verbs).toEqual(['write']);
    expect(reachOf(set, { agent: { attested: true } })?.verbs).toEqual(['read', 'write']);
  });

  test('a condition that errs hides what it would deny', () => {
    expect(reachOf({ policies: { a: {}, odd: { condition: 'agent.name == "x"' } } })).toBeUndefined();
  });

  test('it tells what may be unmasked, the lowest limits and whom it may have to ask', () => {
    const set: RawSet = {
      policies: {
        a: { verbs: ['read', 'define'], unmask: ['EMAIL_ADDRESS'], limits: { rows: 50 } },
        define: { effect: 'guard', verbs: ['define'], approval: dba, limits: { seconds: 3 } },
        other: { effect: 'guard', verbs: ['execute'], approval: dba, limits: { rows: 1 } },
      },
    };

    expect(reachOf(set, { connection: { limits: { rows: 100, bytes: 9 } } })).toEqual({
      verbs: ['read', 'define'],
      unmask: ['EMAIL_ADDRESS'],
      limits: { rows: 50, bytes: 9, seconds: 3 },
      approvals: [{ policy: 'define', approvers: ['group:dba'], count: 1, expires: 1800 }],
    });
  });

  test('a guard that every grant lifts asks nobody', () => {
    const set: RawSet = { policies: { a: { overrides: ['g'] }, g: { effect: 'guard', approval: dba } } };

    expect(reachOf(set)?.approvals).toEqual([]);
  });

  test('a disabled agent reaches nothing', () => {
    const agents = {
      bot: { member: 'serviceAccount:bot@p.iam.gserviceaccount.com', owner: 'user:o@b.c', disabled: true },
    };

    expect(reachOf({ policies: { a: {} }, agents })).toBeUndefined();
  });
});

describe('documents that do not parse', () => {
  const error = 'broken';
  const unavailable = expect.objectContaining({ code: 'policy-unavailable' });

  test.for([
    ['a policy that names the connection', { kind: 'policies', name: 'x', error, touches: ['crm'] }],
    ['a policy that selects it by label', { kind: 'policies', name: 'x', error, touches: ['billing', 'env=prod'] }],
    ['a policy of which nothing is readable', { kind: 'policies', name: 'x', error }],
    ['its classification', { kind: 'classifications', name: 'crm', error, touches: ['crm'] }],
    ['the connection itself', { kind: 'connections', name: 'crm', error, touches: ['crm'] }],
    ['a group that a policy of the connection names', { kind: 'groups', name: 'analysts', error }],
    ['the agent', { kind: 'agents', name: 'x', error, touches: ['serviceAccount:bot@p.iam.gserviceaccount.com'] }],
    ['an agent of which nothing is readable', { kind: 'agents', name: 'x', error }],
  ] as const)('%s makes it unavailable', ([, invalid]) => {
    const set: RawSet = {
      policies: { a: {}, b: { principals: ['group:analysts'], effect: 'deny' } },
      invalid: [invalid],
    };

    expect(() => reachOf(set)).toThrow(unavailable);
  });

  test.for([
    ['a policy for another connection', { kind: 'policies', name: 'x', error, touches: ['billing'] }],
    ['another classification', { kind: 'classifications', name: 'billing', error }],
    ['another connection', { kind: 'connections', name: 'billing', error }],
    ['a group that no policy here names', { kind: 'groups', name: 'others', error }],
    ['another agent', { kind: 'agents', name: 'x', error, touches: ['user:a@b.c'] }],
  ] as const)('%s does not matter', ([, invalid]) => {
    expect(reachOf({ policies: { a: {} }, invalid: [invalid] })?.verbs).toEqual(['read']);
  });

  test('a group that does not parse matters to every condition on the identity', () => {
    const invalid = [{ kind: 'groups', name: 'others', error }] as const;

    expect(() => reachOf({ policies: { a: { condition: '"others" in identity.groups' } }, invalid })).toThrow(
      unavailable,
    );
  });

  test('a group that does not parse does not matter to whom the token itself puts into it', () => {
    const invalid = [{ kind: 'groups', name: 'analysts', error }] as const;
    const set: RawSet = { policies: { a: { principals: ['group:analysts'] } }, invalid };

    expect(reachOf(set, { groups: ['analysts'] })?.verbs).toEqual(['read']);
  });
});

describe('groups and owners', () => {
  const { identity } = aQuestion({});

  test('groups come from the token and from the documents, by member and by set of principals', () => {
    const set = aPolicySet({
      groups: {
        bots: [identity.member],
        sales: ['principalSet://pool/attribute.team/sales'],
        others: ['user:a@b.c'],
      },
    });

    expect(groupsOf({ ...identity, groups: ['token-group', 'bots'] }, set)).toEqual(['bots', 'sales', 'token-group']);
  });

  test('groups do not nest', () => {
    const set = aPolicySet({ groups: { inner: [identity.member], outer: ['group:inner'] } });

    expect(groupsOf(identity, set)).toEqual(['inner']);
  });

  test('an agent has the owner that its document names, and nobody else has', () => {
    const set = aPolicySet({ agents: { bot: { member: identity.member, owner: 'user:o@b.c' } } });

    expect(ownerOf(identity, set)).toBe('user:o@b.c');
    expect(ownerOf({ ...identity, member: 'user:x@b.c' }, set)).toBeUndefined();
  });
});

describe('of a resource with a star, some is within reach', () => {
  const reaches = (policies: NonNullable<RawSet['policies']>, resource: string) =>
    policy.mayReach(aQuestion({ policies }), 'read', resource);

  test('where a grant speaks of a part of it', () => {
    expect(reaches({ a: { resources: ['team-a/*'] } }, '*/pods/*')).toBe(true);
    expect(reaches({ a: { resources: ['team-a/pods/web'] } }, '*/pods/*')).toBe(true);
    expect(reaches({ a: { resources: ['team-a/pods/*'] } }, '*/secrets/*')).toBe(false);
    expect(reaches({ a: { verbs: ['write'] } }, '*/pods/*')).toBe(false);
  });

  test('but where a deny surely takes all of it', () => {
    expect(reaches({ a: {}, no: { effect: 'deny', resources: ['*/secrets/*'] } }, '*/secrets/*')).toBe(false);
    expect(reaches({ a: {}, no: { effect: 'deny', resources: ['team-a/secrets/*'] } }, '*/secrets/*')).toBe(true);
    expect(reaches({ a: {}, no: { effect: 'deny', condition: '"bulk" in operation.risks' } }, '*/pods/*')).toBe(true);
  });

  test('and never for an agent that is switched off', () => {
    const agents = {
      bot: { member: 'serviceAccount:bot@p.iam.gserviceaccount.com', owner: 'user:o@b.c', disabled: true },
    };

    expect(policy.mayReach(aQuestion({ policies: { a: {} }, agents }), 'read', '*/pods/*')).toBe(false);
  });
});
