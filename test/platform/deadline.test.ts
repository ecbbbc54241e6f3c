import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createDeadline } from '../../src/platform/deadline.ts';

const never = () => new AbortController().signal;

describe('a deadline', () => {
  test('fires with the signal that it follows, for the same reason, also where that had fired before', () => {
    const caller = new AbortController();
    const following = createDeadline(caller.signal, 60);

    caller.abort('gone');
    const late = createDeadline(caller.signal, 60);

    expect([following.signal.reason, late.signal.reason]).toEqual(['gone', 'gone']);
  });

  test('fires when its time is over', async () => {
    const { signal } = createDeadline(never(), 0.001);

    await new Promise((fired) => signal.addEventListener('abort', fired));

    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  test('fires when it is told to, and not again for another reason', () => {
    const caller = new AbortController();
    const told = createDeadline(caller.signal, 60);

    told.abort('ended');
    caller.abort('gone');

    expect(told.signal.reason).toBe('ended');
  });

  test('fires neither by time nor with its caller once it was cleared, and is not at once where it is far away', async () => {
    const caller = new AbortController();
    const cleared = createDeadline(caller.signal, 0.001);
    const far = createDeadline(never(), 10 ** 9);

    cleared.clear();
    caller.abort('gone');
    await pause(20);

    expect([cleared.signal.aborted, far.signal.aborted]).toEqual([false, false]);
  });
});
