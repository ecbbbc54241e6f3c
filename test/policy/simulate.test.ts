import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { factsOf } from '../../src/audit/facts.ts';
import type { EventType } from '../../src/model/audit-event.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { connectionSchema, type PolicySet } from '../../src/model/documents.ts';
import { type RecordedOperation, recordedOperationSchema } from '../../src/model/simulation.ts';
import { createSimulation, decide, groupsOf, reachable } from '../../src/policy/policy.ts';
import { aPolicySet, aQuestion, type RawPolicy, type RawSet } from './questions.ts';

type Given = NonNullable<Parameters<typeof aQuestion>[1]>;
type Asked = ReturnType<typeof aQuestion>;

const gateway = { role: 'gateway', revision: null, instance: 'i', version: '1', image_digest: null };

const crm = connectionSchema.parse({
  kind: 'postgres',
  settings: {},
  credential: { secret: 'projects/p/secrets/s' },
  labels: { env: 'prod', team: 'sales' },
});

/** A set that holds the connection as well, which a simulation takes from there. */
const inForce = (set: RawSet): PolicySet => ({ ...aPolicySet(set), connections: new Map([['crm', crm]]) });

/** The event of an operation that was decided as the gateway does: a write is counted once it is granted, and decided again. */
function recorded(set: PolicySet, given: Given = {}, changes?: number): RecordedOperation {
  const asked = aQuestion(set, given);
  const question = { ...asked, groups: groupsOf(asked.identity, set) };
  if (reachable(question) === undefined) return eventOf('refused', question, { note: 'unreachable' });
  const first = decide(question);
  if (first.effect === 'deny') return eventOf('denied', question, { decision: first });
  if (changes === undefined || !['write', 'delete'].includes(question.operation.verb))
    return eventOf(first.approvals.length > 0 ? 'held' : 'intended', question, { decision: first });
  const risks = changes > 100 ? [...question.operation.risks, 'bulk' as const] : question.operation.risks;
  const sized = { ...question, operation: { ...question.operation, risks, estimates: { changes }, atMost: 200 } };
  const decision = decide(sized);
  return eventOf(decision.effect === 'deny' ? 'denied' : 'intended', sized, { decision });
}

function eventOf(
  type: EventType,
  { identity, groups, agent, connection, operation, now }: Asked,
  { decision, note }: { decision?: ReturnType<typeof decide>; note?: string },
): RecordedOperation {
  const who = { operationId: 'op_1', identity, groups, agent, connection };
  const subject = decision === undefined ? who : { ...who, operation, decision };
  const input = {
    eventId: 'ev_1',
    phase: 'fact',
    type,
    time: now,
    subject,
    ...(note !== undefined && { note }),
  } as const;
  const facts = factsOf(input, { gateway, seal: () => '«»', conceal: (text) => text });
  const names = Object.keys(recordedOperationSchema.shape);
  return recordedOperationSchema.parse(
    Object.fromEntries(Object.entries(facts).filter(([name]) => names.includes(name))),
  );
}

function simulated(draft: PolicySet, ...operations: RecordedOperation[]) {
  const simulation = createSimulation(draft);
  for (const operation of operations) simulation.add(operation);
  return simulation.result();
}

const before = inForce({ policies: { readers: {} } });

describe('what would change', () => {
  test.each<[string, RawSet, Given, RawSet]>([
    ['allowed-to-denied', { policies: { readers: {} } }, {}, { policies: {} }],
    ['denied-to-allowed', { policies: { readers: { resources: ['x'] } } }, {}, { policies: { readers: {} } }],
    [
      'approval-needed',
      { policies: { readers: {} } },
      {},
      { policies: { readers: {}, ask: { effect: 'guard', approval: { approvers: ['group:dba'] } } } },
    ],
    [
      'approval-not-needed',
      { policies: { readers: { approval: { approvers: ['group:dba'] } } } },
      {},
      { policies: { readers: {} } },
    ],
    [
      'approvers-changed',
      { policies: { readers: { approval: { approvers: ['group:dba'] } } } },
      {},
      { policies: { readers: { approval: { approvers: ['group:dba'], count: 2 } } } },
    ],
    ['masks-changed', { policies: { readers: {} } }, {}, { policies: { readers: { unmask: ['EMAIL_ADDRESS'] } } }],
  ])('%s', (difference, was, given, draft) => {
    const result = simulated(inForce(draft), recorded(inForce(was), given));

    expect(result).toMatchObject({ operations: 1, changed: 1, unchanged: 0, undecidable: 0, reasons: [] });
    expect(result.groups).toMatchObject([{ difference, count: 1, samples: [{ operation: 'op_1', verb: 'read' }] }]);
  });

  test('an operation may ask others and show more at once, and is counted as one that changes', () => {
    const draft = inForce({ policies: { readers: { unmask: ['IBAN'], approval: { approvers: ['group:dba'] } } } });

    const result = simulated(draft, recorded(before));

    expect(result).toMatchObject({ changed: 1 });
    expect(result.groups.map(({ difference }) => difference)).toEqual(['approval-needed', 'masks-changed']);
  });

  test('another policy that decides the same changes nothing', () => {
    expect(simulated(inForce({ policies: { others: {} } }), recorded(before))).toMatchObject({
      unchanged: 1,
      groups: [],
    });
  });

  test('who is taken out of a group is denied, unless the token itself names the group', () => {
    const analysts = { policies: { readers: { principals: ['group:analysts'] } } };
    const bot = 'serviceAccount:bot@p.iam.gserviceaccount.com';
    const was = inForce({ ...analysts, groups: { analysts: [bot] } });
    const [documented, claimed] = [recorded(was), recorded(was, { identity: { groups: ['analysts'] } })];

    expect(simulated(inForce({ ...analysts, groups: { analysts: [] } }), documented, claimed)).toMatchObject({
      changed: 1,
      unchanged: 1,
    });
  });

  test('a connection that the draft does not hold denies all that it is asked for', () => {
    const draft = { ...before, connections: new Map() };

    expect(simulated(draft, recorded(before)).groups).toMatchObject([
      { difference: 'allowed-to-denied', samples: [{ after: { reason: 'no-connection' } }] },
    ]);
  });

  test('a condition on the time is asked of the time of the operation', () => {
    const draft = inForce({ policies: { readers: { condition: 'time.getHours() < 12' } } });
    const [morning, evening] = ['T08:00:00Z', 'T20:00:00Z'].map((time) =>
      recorded(before, { now: new Date(`2026-01-05${time}`) }),
    );

    expect(simulated(draft, ...[morning, evening].flatMap((one) => one ?? []))).toMatchObject({
      unchanged: 1,
      changed: 1,
    });
  });

  test('of many that change a few are shown, and all are counted', () => {
    const result = simulated(inForce({}), ...Array.from({ length: 50 }, () => recorded(before)));

    expect(result.groups[0]?.count).toBe(50);
    expect(result.groups[0]?.samples).toHaveLength(5);
  });
});

describe('what cannot be told is not guessed', () => {
  const conditional = (condition: string) => inForce({ policies: { readers: { condition } } });

  test.each([
    ['identity.claims.repository == "acme/crm"'],
    ['has(identity.claims.repository)'],
    ['has(identity.claims)'],
    ['!("claims" in identity)'],
    ['identity.claims.size() == 0'],
    ['identity.email == "x" || identity.claims.repository == "acme/crm"'],
  ])('a condition on the token’s claims: %s', (condition) => {
    const result = simulated(conditional(condition), recorded(before));

    expect(result).toMatchObject({ undecidable: 1, changed: 0, unchanged: 0 });
    expect(result.reasons).toMatchObject([
      {
        why: 'the condition of readers reads identity.claims, which the trail does not hold',
        samples: [{ after: null }],
      },
    ]);
  });

  test.each([
    ['identity.subject == "1001" || identity.claims.repository == "acme/crm"', 'unchanged'],
    ['identity.subject == "x" && identity.claims.repository == "acme/crm"', 'changed'],
    ['identity.subject == "1001"', 'unchanged'],
  ])('a condition that does not hang on them is decided: %s', (condition, end) => {
    expect(simulated(conditional(condition), recorded(before))).toMatchObject({ [end]: 1 });
  });

  test('a condition on a statement is decided where the trail holds it whole', () => {
    const draft = conditional('operation.statement.contains("users")');
    const whole = recorded(before);
    const sealed = { ...whole, statement_sha256: sha256("select 1 from users where email = 'ann@example.com'") };

    expect(simulated(draft, whole)).toMatchObject({ unchanged: 1 });
    expect(simulated(draft, sealed).reasons[0]?.why).toMatch(/operation.statement.*in the clear/);
  });

  test('a condition on an agent’s name that was cut', () => {
    const draft = conditional('agent.name.startsWith("a")');
    const named = (name: string) => recorded(before, { agent: { attested: false, name } });

    expect(simulated(draft, named('ab'), named('a'.repeat(300)))).toMatchObject({ unchanged: 1, undecidable: 1 });
  });

  test('what was denied before its rows were counted, where the draft lets how many decide', () => {
    const write = { operation: { verb: 'write' } } as const;
    const all = { verbs: ['*'] } as const satisfies RawPolicy;
    const denied = recorded(inForce({ policies: { readers: { resources: ['x'], verbs: ['*'] } } }), write);
    const guard: RawPolicy = { ...all, effect: 'guard', approval: { approvers: ['group:dba'] } };
    const draft = (condition: string) => inForce({ policies: { all: { ...all }, guard: { ...guard, condition } } });

    expect(simulated(inForce({ policies: { all: { ...all } } }), denied)).toMatchObject({ changed: 1 });
    for (const condition of [
      '"bulk" in operation.risks',
      'has(operation.rows_estimate) && operation.rows_estimate > 5',
    ])
      expect(simulated(draft(condition), denied)).toMatchObject({ undecidable: 1 });
  });

  test('what asked for a connection out of its reach, where the draft puts it within', () => {
    const out = recorded(inForce({ policies: { readers: { connections: ['billing'] } } }));

    expect(simulated(before, out).reasons[0]?.why).toMatch(/refused before it was read/);
    expect(simulated(inForce({}), out)).toMatchObject({ unchanged: 1 });
  });

  test('a document that does not parse leaves undecided what it touches', () => {
    const invalid = [{ kind: 'policies', name: 'broken', error: 'x', touches: ['crm'] } as const];

    expect(simulated({ ...before, invalid }, recorded(before)).reasons[0]?.why).toBe(
      'a document does not parse: invalid:policies/broken',
    );
  });
});

describe('under the documents that were in force', () => {
  const condition = fc.constantFrom(
    undefined,
    'agent.attested',
    'operation.verb == "read"',
    '"bulk" in operation.risks',
    '!("bulk" in operation.risks)',
    'has(operation.rows_estimate) && operation.rows_estimate > 50',
    'operation.rows_estimate > 50',
    'operation.statement.contains("users")',
    'identity.claims.repository == "acme/crm"',
    'has(identity.claims.nobody)',
    '"a" in identity.groups',
    'time.getHours() < 12',
  );
  const approval = fc.constantFrom<RawPolicy['approval']>(undefined, { approvers: ['group:dba'] });
  const common = {
    principals: fc.subarray(['*', 'group:a', 'group:b', 'user:nobody@b.c'], { minLength: 1 }),
    connections: fc.subarray(['crm', 'env=prod', 'billing'], { minLength: 1 }),
    verbs: fc.subarray<'read' | 'write' | '*'>(['read', 'write', '*'], { minLength: 1 }),
    resources: fc.subarray(['*', 'public.*', 'public.users', 'secret.*'], { minLength: 1 }),
    condition,
  };
  const overrides = fc.subarray(['p0', 'p1', 'p2']);
  const policies = fc.array(
    fc.oneof(
      fc.record({
        ...common,
        effect: fc.constant('allow' as const),
        approval,
        unmask: fc.subarray(['A', 'B']),
        overrides,
      }),
      fc.record({ ...common, effect: fc.constant('guard' as const), approval }),
      fc.record({ ...common, effect: fc.constant('deny' as const) }),
    ),
    { maxLength: 5 },
  );
  const given = fc.record({
    identity: fc.record({ groups: fc.subarray(['a', 'b']) }),
    agent: fc.record({ attested: fc.boolean() }),
    operation: fc.record({
      verb: fc.constantFrom<'read' | 'write'>('read', 'write'),
      risks: fc.subarray<'opaque' | 'unbounded'>(['opaque', 'unbounded']),
      resources: fc.subarray(['public.users', 'public.orders', 'secret.keys']),
    }),
    now: fc.date({ min: new Date('2026-01-01'), max: new Date('2026-12-31'), noInvalidDate: true }),
  });
  const changes = fc.constantFrom(undefined, 7, 70, 700);

  test('a write that is bulk by itself, and that nobody counted, is decided as it was', () => {
    const bulk: RawPolicy = {
      verbs: ['*'],
      effect: 'guard',
      condition: '"bulk" in operation.risks',
      approval: { approvers: ['group:dba'] },
    };
    const set = inForce({ policies: { writers: { verbs: ['write'] }, bulk } });

    const held = recorded(set, { operation: { verb: 'write', risks: ['bulk'] } });

    expect(held.type).toBe('held');
    expect(simulated(set, held)).toMatchObject({ unchanged: 1, undecidable: 0 });
  });

  test('nothing changes, whatever the policies', () => {
    fc.assert(
      fc.property(policies, given, changes, (list, how, rows) => {
        const set = inForce({ policies: Object.fromEntries(list.map((policy, n) => [`p${n}`, policy])) });

        const { changed, groups } = simulated(set, recorded(set, how, rows));

        expect(groups).toEqual([]);
        expect(changed).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('what is decided under a draft is what the gateway would have decided', () => {
    fc.assert(
      fc.property(policies, policies, given, changes, (list, others, how, rows) => {
        const [was, draft] = [list, others].map((each) =>
          inForce({ policies: Object.fromEntries(each.map((policy, n) => [`p${n}`, policy])) }),
        );
        if (was === undefined || draft === undefined) throw new Error('There are two.');
        const [event, real] = [recorded(was, how, rows), recorded(draft, how, rows)];
        const { undecidable, changed } = simulated(draft, event);

        if (undecidable === 0) expect(changed > 0).toBe(differ(event, real));
      }),
      { numRuns: 300 },
    );
  });

  function differ(event: RecordedOperation, real: RecordedOperation) {
    const [a, b] = [event.decision, real.decision];
    const [allowed, allows] = [a?.effect === 'allow', b?.effect === 'allow'];
    if (allowed !== allows || !allowed) return allowed !== allows;
    const people = (decision: typeof a) =>
      JSON.stringify(decision?.requirements.map(({ approvers, count }) => JSON.stringify([approvers, count])).sort());
    return people(a) !== people(b) || a?.unmask.join() !== b?.unmask.join();
  }
});
