import { describe, expect, test } from 'vitest';
import { Problem } from '../../src/model/problem.ts';
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

  test('that nobody asked for is not found, whatever the id', async () => {
    const { audit } = aTrail();
    await audit.open();

    for (const id of ['op_2', '', '../approvals/a1', 'op_1/x']) expect(await audit.find(id)).toBeUndefined();
  });
});
