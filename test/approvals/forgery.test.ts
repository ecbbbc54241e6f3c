import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Approval } from '../../src/model/approval.ts';
import { canonicalJson, sha256 } from '../../src/model/canonical.ts';
import { aFixture, aHuman, aPassage, type Changes, consoleKeys, keyVersion } from './passages.ts';

const dba = aHuman('dba');

async function approved() {
  const fixture = aFixture();
  const { approval } = await fixture.settle(aPassage());
  const decided = await fixture.vote(approval, dba);
  return { ...fixture, approval: decided.approval };
}

describe('an approval is for exactly what was approved', () => {
  const requirement = { policy: 'guard-define', approvers: ['group:dba'], count: 1, expires: 1800 };
  test.each<[string, Changes]>([
    ['statement', { operation: { statement: 'ALTER TABLE public.users DROP COLUMN email' } }],
    ['white space of the statement', { operation: { statement: 'ALTER TABLE public.users DROP COLUMN  phone' } }],
    ['parameters', { operation: { parameters: [1] } }],
    ['connection', { connection: { name: 'crm2' } }],
    ['version of the connection', { connection: { version: 'd'.repeat(64) } }],
    ['issuer', { identity: { issuer: 'https://other.example' } }],
    ['subject', { identity: { subject: '1002' } }],
    ['verb', { operation: { verb: 'write' } }],
    ['kind of target', { operation: { kind: 'bigquery' } }],
    ['policy version', { decision: { policyVersion: 'b'.repeat(64) } }],
    ['limits of policy', { decision: { limits: { rows: 2000 } } }],
    ['limits of the caller', { call: { limits: { rows: 10 } } }],
    ['classes in the clear', { decision: { unmask: ['EMAIL_ADDRESS'] } }],
    ['number of approvers', { decision: { approvals: [{ ...requirement, count: 2 }] } }],
    ['approvers', { decision: { approvals: [{ ...requirement, approvers: ['group:owners'] }] } }],
    ['guards', { decision: { approvals: [requirement, { ...requirement, policy: 'another' }] } }],
  ])('a request with another %s is asked anew', async (_, changes) => {
    const { settle } = await approved();

    const other = await settle(aPassage(changes));

    expect(other).toMatchObject({ state: 'waiting', asked: true });
    expect((await settle(aPassage())).state).toBe('granted');
  });

  test('parameters are typed: the number 1 is not the text 1, true, null or a list', async () => {
    const digests = new Set<string>();
    const parameters = [1, '1', true, null, [1], { 1: 1 }, 1.5, '', -1];

    for (const parameter of parameters)
      digests.add((await aFixture().settle(aPassage({ operation: { parameters: [parameter] } }))).approval.digest);

    expect(digests.size).toBe(parameters.length);
  });

  test('one changed bit of the statement is not spendable', async () => {
    const { settle } = await approved();
    const { statement } = JSON.parse((await settle(aPassage({ call: { limits: { rows: 3 } } }))).approval.bound);
    const bytes = Buffer.from(statement, 'latin1');
    const bit = fc.integer({ min: 0, max: bytes.length * 8 - 1 });

    await fc.assert(
      fc.asyncProperty(bit, async (position) => {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(position >> 3) ^ (1 << (position & 7)), position >> 3);

        const { state } = await settle(aPassage({ operation: { statement: changed.toString('latin1') } }));

        expect(state).toBe('waiting');
      }),
      { numRuns: 100 },
    );
  });

  test('different JSON parameters never share a digest', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (a, b) => {
        fc.pre(canonicalJson(JSON.parse(JSON.stringify(a))) !== canonicalJson(JSON.parse(JSON.stringify(b))));
        const [first, second] = await Promise.all(
          [a, b].map((parameter) => aFixture().settle(aPassage({ operation: { parameters: [parameter] } }))),
        );

        expect(first?.approval.digest).not.toBe(second?.approval.digest);
      }),
      { numRuns: 100 },
    );
  });

  test('a parameter that JSON cannot hold is refused, not flattened', async () => {
    const { settle } = aFixture();

    for (const parameter of [new Date(), new Map([[1, 2]]), 1n, Number.NaN, '\ud800'])
      await expect(settle(aPassage({ operation: { parameters: [parameter] } }))).rejects.toThrow(TypeError);
  });
});

describe('a grant that the console did not give is not spent', () => {
  type Forge = (approval: Approval) => Approval | Promise<Approval>;
  const withDecision = (approval: Approval, changes: Partial<Approval['decisions'][number]>): Approval => ({
    ...approval,
    decisions: approval.decisions.map((decision) => ({ ...decision, ...changes })),
  });
  const signedBy = async (
    keys: ReturnType<typeof consoleKeys>,
    approval: Approval,
    changes: object,
    key = keyVersion,
  ) => {
    const [decision] = approval.decisions;
    const { signature: _, key: __, ...signed } = { ...decision, ...changes } as Approval['decisions'][number];
    return withDecision(approval, { ...changes, signature: await keys.signer.sign(canonicalJson(signed)), key });
  };

  test.each<[string, Forge]>([
    ['without any decision', (approval) => ({ ...approval, decisions: [] })],
    ['with a decision that denies', (approval) => withDecision(approval, { decision: 'deny' })],
    ['signed by a foreign key', (approval) => signedBy(consoleKeys(), approval, {})],
    ['signed by another version of the key', (approval) => withDecision(approval, { key: `${keyVersion}2` })],
    ['with an empty signature', (approval) => withDecision(approval, { signature: '' })],
    ['with a signature that is not base64', (approval) => withDecision(approval, { signature: '*'.repeat(96) })],
    ['with another reason than the signed one', (approval) => withDecision(approval, { reason: 'other' })],
    ['with another time', (approval) => withDecision(approval, { decided_at: '2026-03-01T10:00:01.000Z' })],
    ['whose decision is on other bytes', (approval) => withDecision(approval, { digest: sha256('x') })],
    ['whose decision is on another approval', (approval) => withDecision(approval, { approval: 'apr_9' })],
    [
      'with one decision twice',
      (approval) => ({ ...approval, decisions: [...approval.decisions, ...approval.decisions] }),
    ],
    [
      'with the name of somebody else put in',
      (approval) =>
        withDecision(approval, {
          approver: { issuer: 'i', subject: 's', member: 'user:x@example.com', groups: ['dba'] },
        }),
    ],
  ])('%s', async (_, forge) => {
    const { approval, settle, store } = await approved();
    store.seed(`approvals/${approval.id}`, await forge(approval));

    await expect(settle(aPassage())).rejects.toMatchObject({ code: 'denied', approval: approval.id });
    expect(store.contents('approvals')[`approvals/${approval.id}`]).toMatchObject({ state: 'approved' });
  });

  test('even the console key does not make a decision of the requester, the owner, a stranger or a machine valid', async () => {
    const [owner, bot] = [aHuman('owner'), aPassage().identity];
    const approvers = [
      { issuer: bot?.issuer, subject: bot?.subject, member: 'user:x@example.com', groups: ['dba'] },
      { issuer: owner.issuer, subject: owner.subject, member: owner.member, groups: ['dba'] },
      { issuer: 'i', subject: 's', member: 'user:stranger@example.com', groups: ['cooks'] },
      { issuer: 'i', subject: 's', member: 'serviceAccount:other@p.iam.gserviceaccount.com', groups: ['dba'] },
    ];

    for (const approver of approvers) {
      const fixture = aFixture();
      const passage = aPassage({ owner: 'user:owner@example.com' });
      const asked = await fixture.settle(passage);
      const { approval } = await fixture.vote(asked.approval, dba);
      fixture.store.seed(`approvals/${approval.id}`, await signedBy(fixture.keys, approval, { approver }));

      await expect(fixture.settle(passage)).rejects.toMatchObject({
        code: 'denied',
        reason: expect.stringMatching(/^approval-invalid: (not-human|requester|owner|not-approver) \(apr_/),
      });
    }
  });

  test('a decision from the future or from after the expiry is not valid', async () => {
    const { approval, settle, store, keys } = await approved();

    for (const decided_at of ['2026-03-01T10:00:31.000Z', '2026-03-01T10:30:00.000Z']) {
      store.seed(`approvals/${approval.id}`, await signedBy(keys, approval, { decided_at }));

      await expect(settle(aPassage())).rejects.toMatchObject({ code: 'denied' });
    }
  });

  test('an approval that was set back to pending is not granted by the decisions it still holds', async () => {
    const { approval, settle, store } = await approved();
    store.seed(`approvals/${approval.id}`, { ...approval, state: 'pending' });

    expect((await settle(aPassage())).state).toBe('waiting');
  });

  test.each<[string, (approval: Approval) => Record<string, unknown>]>([
    ['a field is missing', ({ requirements: _, ...rest }) => rest],
    ['there is a field too many', (approval) => ({ ...approval, extra: true })],
    ['its state is unknown', (approval) => ({ ...approval, state: 'granted' })],
    ['its bytes were changed', (approval) => ({ ...approval, bound: approval.bound.replace('phone', 'email') })],
    ['its requirements are not those of its bytes', (approval) => ({ ...approval, requirements: [] })],
    [
      'its requester is not that of its bytes',
      (approval) => ({ ...approval, requester: { ...approval.requester, subject: 'x' } }),
    ],
    ['it stands for something else', (approval) => ({ ...approval, bound: '{}', digest: sha256('{}') })],
    ['it is another approval', (approval) => ({ ...approval, id: 'apr_9' })],
    ['it is empty', () => ({})],
  ])('a stored approval is refused when %s', async (_, change) => {
    const { approval, settle, vote, store } = await approved();
    store.seed(`approvals/${approval.id}`, change(approval));

    await expect(settle(aPassage())).rejects.toMatchObject({ code: 'internal' });
    await expect(vote(approval, aHuman('second'))).rejects.toMatchObject({ code: 'internal' });
  });

  test('a pointer to an approval that is not there refuses', async () => {
    const { approval, settle, store } = await approved();
    store.drop(`approvals/${approval.id}`);

    await expect(settle(aPassage())).rejects.toMatchObject({ code: 'internal' });
  });

  test('when the key cannot be had nothing is granted', async () => {
    const verifier = { verify: () => Promise.reject(new Error('KMS is away')) };
    const fixture = aFixture({ verifier });
    await fixture.vote((await fixture.settle(aPassage())).approval, dba);

    await expect(fixture.settle(aPassage())).rejects.toMatchObject({ reason: 'approval-key-unavailable' });
  });
});
