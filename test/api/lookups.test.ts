import { expect, test } from 'vitest';
import { createLookups } from '../../src/api/lookups.ts';
import type { OperationState } from '../../src/gateway.ts';
import type { ApprovalState } from '../../src/model/approval.ts';
import { aCall, anApproval, anIdentity, fakeGateway } from '../fakes/gateway.ts';

const waiting: OperationState = {
  operation: 'op_7',
  state: 'waiting',
  ...{ issuer: anIdentity.issuer, subject: anIdentity.subject, connection: 'crm', verb: 'delete' },
  decision: { effect: 'allow', policies: ['p'], policy_version: 'v1' },
  approval: 'apr_1',
  time: '2026-01-01T00:00:00Z',
  code: null,
};

async function stateOf(stored: Partial<OperationState>, approval?: ApprovalState) {
  const { steps } = fakeGateway();
  const audit = { ...steps.audit, find: async () => ({ ...waiting, ...stored }) };
  const approvals = { ...steps.approvals, get: async () => (approval ? anApproval({ state: approval }) : undefined) };
  const { found } = await createLookups({ ...steps, audit, approvals }).operation(aCall(), 'op_7');
  return found.state;
}

test.each([
  ['pending', 'waiting'],
  ['approved', 'waiting'],
  ['expired', 'expired'],
  ['denied', 'denied'],
  ['spent', 'retried'],
] as const)('an operation whose approval is %s is told to be %s', async (approval, state) => {
  expect(await stateOf({}, approval)).toBe(state);
});

test('an operation that ran is told by how it ended, whatever became of its approval', async () => {
  expect(await stateOf({ state: 'done' }, 'expired')).toBe('done');
});
