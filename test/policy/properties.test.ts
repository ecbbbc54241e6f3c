import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide, policy, reachable } from '../../src/policy/policy.ts';
import { aPolicySet, aQuestion, type RawPolicy } from './questions.ts';

const { canReach } = policy;
const someOf = <T>(...items: T[]) => fc.subarray(items, { minLength: 1 });
const approval = fc.constantFrom<NonNullable<RawPolicy['approval']>>(
  { approvers: ['group:dba'] },
  { approvers: ['user:boss@b.c'], count: 2 },
);
const limits = fc.record({ rows: fc.integer({ min: 1, max: 50 }) }, { requiredKeys: [] });
const reachOf = {
  principals: someOf('*', 'group:a', 'group:b', 'user:nobody@b.c'),
  connections: someOf('*', 'crm', 'env=prod', 'c*', 'billing'),
  verbs: someOf<'read' | 'write' | '*'>('read', 'write', '*'),
  resources: someOf('*', 'public.*', 'public.users', 'secret.*'),
  condition: fc.constantFrom(
    undefined,
    'agent.attested',
    'operation.verb == "read"',
    '"bulk" in operation.risks',
    'agent.name == "x"',
    '"a" in identity.groups',
  ),
  limits,
};
const classes = fc.subarray(['A', 'B', 'C']);
const overrides = fc.subarray(['p0', 'p1', 'p2', 'p3']);
const allow = fc.record({
  ...reachOf,
  effect: fc.constant('allow' as const),
  approval: fc.option(approval, { nil: undefined }),
  unmask: classes,
  overrides,
});
const deny = fc.record({ ...reachOf, effect: fc.constant('deny' as const) });
const guard = fc.record({
  ...reachOf,
  effect: fc.constant('guard' as const),
  approval: fc.option(approval, { nil: undefined }),
});
const policies = fc.array(fc.oneof(allow, allow, guard, deny), { maxLength: 6 });
const given = fc.record({
  groups: fc.subarray(['a', 'b']),
  agent: fc.record({ attested: fc.boolean(), name: fc.constantFrom('x', 'y') }, { requiredKeys: ['attested'] }),
  operation: fc.record({
    verb: fc.constantFrom<'read' | 'write'>('read', 'write'),
    risks: fc.subarray<'bulk' | 'opaque'>(['bulk', 'opaque']),
    resources: fc.subarray(['public.users', 'public.orders', 'secret.keys']),
  }),
});

const named = (list: readonly RawPolicy[]) => Object.fromEntries(list.map((policy, n) => [`p${n}`, policy]));
const decided = (list: readonly RawPolicy[], how: Parameters<typeof aQuestion>[1]) =>
  decide(aQuestion({ policies: named(list) }, how));

test('one more deny never allows more', () => {
  fc.assert(
    fc.property(policies, deny, given, (list, added, how) => {
      const before = decided(list, how);
      const after = decided([...list, added], how);

      if (after.effect === 'allow') expect(after).toEqual(before);
    }),
  );
});

test('one more guard never allows more, never unmasks more, never asks less, never raises a limit', () => {
  fc.assert(
    fc.property(policies, guard, given, (list, added, how) => {
      const before = decided(list, how);
      const after = decided([...list, added], how);

      if (after.effect === 'deny') return;
      expect(before.effect).toBe('allow');
      expect(after.unmask).toEqual(before.unmask);
      expect(after.approvals).toEqual(expect.arrayContaining([...before.approvals]));
      expect(after.limits.rows ?? 99).toBeLessThanOrEqual(before.limits.rows ?? 99);
    }),
  );
});

test('the order of the documents never matters', () => {
  fc.assert(
    fc.property(policies, given, (list, how) => {
      const entries = Object.entries(named(list));
      const forward = decide(aQuestion({ policies: Object.fromEntries(entries) }, how));
      const backward = decide(aQuestion({ policies: Object.fromEntries(entries.reverse()) }, how));

      expect(backward).toEqual(forward);
    }),
  );
});

test('what is allowed is always within reach, and never unmasks beyond it or below its limits', () => {
  fc.assert(
    fc.property(policies, given, (list, how) => {
      const question = aQuestion({ policies: named(list) }, how);
      const decision = decide(question);
      const reach = reachable(question);

      if (decision.effect === 'deny') return;
      expect(reach?.verbs).toContain(question.operation.verb);
      expect(reach?.unmask).toEqual(expect.arrayContaining([...decision.unmask]));
      expect(reach?.approvals).toEqual(expect.arrayContaining([...decision.approvals]));
      expect(reach?.limits.rows ?? 99).toBeLessThanOrEqual(decision.limits.rows ?? 99);
    }),
  );
});

test('the same question has the same answer', () => {
  fc.assert(
    fc.property(policies, given, (list, how) => {
      const set = aPolicySet({ policies: named(list) });

      expect(decide(aQuestion(set, how))).toEqual(decide(aQuestion(set, how)));
    }),
  );
});

test('a glob matches as its pattern says, without ever backtracking', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 });
  const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      const oracle = new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\*+/g, '.*')}$`, 's').test(text);

      const decision = decide(
        aQuestion({ policies: { p: { resources: [pattern] } } }, { operation: { resources: [text] } }),
      );

      expect(decision.effect).toBe(oracle ? 'allow' : 'deny');
    }),
    { numRuns: 500 },
  );
});

/** Every text of up to six of these characters. */
const words = Array.from({ length: 6 }).reduce<string[]>(
  (all) => [...new Set([...all, ...all.flatMap((text) => ['a', '/'].map((character) => text + character))])],
  [''],
);
/** What a pattern matches of them; a star in a resource stands for no slash. */
const matching = (glob: string, star: '.*' | '[^/]*') => {
  const matches = new RegExp(`^${glob.replace(/\*+/g, star)}$`, 's');
  return words.filter((word) => matches.test(word));
};

test('a deny and a guard speak of whatever a resource with a star may mean, an allow only of what it covers wholly', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', '/', '*'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(pattern, pattern, (written, touched) => {
      const speaksOf = matching(written, '.*');
      const means = matching(touched, '[^/]*');
      const how = { operation: { resources: [touched] } };

      const denied = decided([{}, { effect: 'deny', resources: [written] }], how).effect === 'deny';
      const { approvals } = decided(
        [{}, { effect: 'guard', resources: [written], approval: { approvers: ['group:dba'] } }],
        how,
      );
      const allowed = decided([{ resources: [written] }], how).effect === 'allow';

      expect(denied).toBe(means.some((word) => speaksOf.includes(word)));
      expect(approvals).toHaveLength(denied ? 1 : 0);
      if (allowed) expect(means.filter((word) => !speaksOf.includes(word))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test.for([
  ['team-b/secrets/*', '*/secrets/*', true],
  ['team-b/secrets/*', 'team-a/secrets/*', false],
  ['team-b/secrets/*', 'team-b/*/*', true],
  ['*/secrets/*', 'team-a/*/*', true],
  ['*/secrets/*', 'team-a/pods/*', false],
  ['*/pods/*/exec', 'team-a/pods/*', false],
  ['*/secrets/db', 'team-a/secrets/*', true],
  ['*/secrets/db', 'team-a/pods/*', false],
  ['team-*/pods/web', '*-prod/pods/*', true],
  ['a*b', 'a*', true],
  ['*a', 'b*', true],
  ['a*', 'b*', false],
  ['*.ssn', 'public.users', false],
] as const)('a deny of %s speaks of %s: %s', ([written, touched, speaks]) => {
  const decision = decided([{}, { effect: 'deny', resources: [written] }], { operation: { resources: [touched] } });

  expect(decision.effect).toBe(speaks ? 'deny' : 'allow');
});

test('patterns made of stars take no longer than their lengths multiplied', () => {
  const [written, touched] = ['*a'.repeat(500), '*b'.repeat(500)];

  const decision = decided([{}, { effect: 'deny', resources: [written] }], { operation: { resources: [touched] } });

  expect(decision.effect).toBe('allow');
});

test('what was decided before for the same identity, connection and documents changes no decision, and no reach', () => {
  const conditions = fc.constantFrom(
    'operation.verb == "read"',
    '"bulk" in operation.risks',
    'operation.classes.all(class, class == "A")',
    'operation["risks"].size() == 0',
    'operation.statement.contains("7")',
    'operation.resources.exists(one, one.matches("^public")) || "bulk" in operation.risks',
    'operation.rows_estimate < 5',
    'has(operation.rows_estimate)',
    'agent.attested',
    'agent.name == "x"',
    'time < timestamp("2026-01-02T00:00:00Z")',
    '"a" in identity.groups',
    'connection.name == "crm"',
    'no_such_variable',
  );
  const conditional = fc
    .oneof(allow, guard, deny)
    .map((policy): RawPolicy => ({ ...policy, principals: ['*'], connections: ['*'] }));
  const rules = fc.array(fc.tuple(conditional, conditions), { minLength: 1, maxLength: 4 });
  const moment = fc.record({
    agent: fc.record({ attested: fc.boolean(), name: fc.constantFrom('x', 'y') }),
    now: fc.constantFrom(new Date('2026-01-01T00:00:00Z'), new Date('2026-01-03T00:00:00Z')),
    operation: fc.record({
      verb: fc.constantFrom<'read' | 'write'>('read', 'write'),
      risks: fc.subarray<'bulk' | 'opaque'>(['bulk', 'opaque']),
      resources: fc.subarray(['public.users', 'secret.keys']),
      classes: fc.subarray(['A', 'B']),
      statement: fc.constantFrom('select 7', 'select 8', 'x'.repeat(300_000)),
      estimates: fc.constantFrom({}, { rows: 1 }, { rows: 9 }),
    }),
  });

  fc.assert(
    fc.property(rules, fc.array(moment, { minLength: 2, maxLength: 6 }), (list, moments) => {
      const set = { policies: named(list.map(([policy, condition]) => ({ ...policy, condition }))) };
      const standing = aQuestion(set);
      for (const how of moments) {
        const alone = aQuestion(set, how);
        const { operation, agent, now } = alone;

        const among = { ...standing, operation, agent, now };

        expect(decide(among)).toEqual(decide(alone));
        expect(canReach(among)).toBe(canReach(alone));
      }
    }),
    { numRuns: 40 },
  );
});

test('an identity in other groups, and other documents or another connection by the same name, are decided anew', () => {
  const set = aPolicySet({ policies: { p: { principals: ['group:a'] } } });
  const question = aQuestion(set, { groups: ['a'] });
  const other = aPolicySet({ policies: { p: { principals: ['group:b'] } } });

  const effects = [
    question,
    { ...question, groups: ['b'] },
    { ...question, policySet: other },
    { ...question, connection: { ...question.connection, name: 'billing' } },
    question,
  ].map((asked) => decide(asked).effect);

  expect(effects).toEqual(['allow', 'deny', 'deny', 'deny', 'allow']);
});

test('a regular expression over a statement that is too long denies, though a short one was allowed before', () => {
  const set = aPolicySet({ policies: { p: { condition: 'operation.resources.exists(one, one.matches("^public"))' } } });
  const question = aQuestion(set);
  const long = { ...question, operation: { ...question.operation, statement: 'x'.repeat(300_000) } };

  const effects = [question, long, question].map((asked) => decide(asked).effect);

  expect(effects).toEqual(['allow', 'deny', 'allow']);
});
