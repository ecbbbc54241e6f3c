import { describe, expect, test } from 'vitest';
import { outboxPath } from '../../src/audit/paths.ts';
import { Problem } from '../../src/model/problem.ts';
import { anApproval } from '../fakes/gateway.ts';
import { aPassage, aTrail } from './trail.ts';

describe('an operation', () => {
  test('can be looked up from its intent to its outcome, in the commits of its events', async () => {
    const { audit } = aTrail();
    await audit.open();

    const intent = await audit.intend(aPassage());
    const running = await audit.find('op_1');
    await intent.complete({ type: 'failed', problem: new Problem('target-rejected') });
    const ended = await audit.find('op_1');

    expect(running).toMatchObject({ state: 'running', code: null, subject: '1234' });
    expect(ended).toMatchObject({ state: 'failed', code: 'target-rejected' });
  });

  test('that waited for a human no longer waits once its intent is durable', async () => {
    const { audit } = aTrail();
    await audit.open();
    const passage = aPassage({ approval: anApproval({ state: 'pending' }) });

    await audit.note('held', passage);
    const waiting = await audit.find('op_1');
    await audit.intend(passage);
    const running = await audit.find('op_1');

    expect(waiting).toMatchObject({ state: 'waiting', approval: passage.approval?.id });
    expect(running).toMatchObject({ state: 'running', approval: passage.approval?.id });
  });

  test('that needed no human costs one document until it has ended', async () => {
    const { audit, store } = aTrail();
    await audit.open();

    const { eventId } = await audit.intend(aPassage());

    expect(store.commits.at(-1)?.map(({ path }) => path)).toEqual([outboxPath(eventId)]);
  });

  test('that nobody asked for is not found, whatever the id', async () => {
    const { audit } = aTrail();
    await audit.open();

    for (const id of ['op_2', '', '../approvals/a1', 'op_1/x']) expect(await audit.find(id)).toBeUndefined();
  });
});
