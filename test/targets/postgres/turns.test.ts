import { expect, test } from 'vitest';
import { createTurns } from '../../../src/targets/postgres/language/turns.ts';

test('large statements are looked through one at a time, in the order they came', async () => {
  const turns = createTurns();
  const seen: string[] = [];
  const work = (name: string) => () =>
    new Promise<void>((resolve) => {
      seen.push(`begin ${name}`);
      setImmediate(() => {
        seen.push(`end ${name}`);
        resolve();
      });
    });

  await Promise.all([turns(work('a')), turns(work('b')), turns(work('c'))]);

  expect(seen).toEqual(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
});

test('a statement that fails does not keep those after it waiting', async () => {
  const turns = createTurns();

  const failed = turns(() => Promise.reject(new Error('too complex')));
  const next = turns(() => Promise.resolve('read'));

  await expect(failed).rejects.toThrow('too complex');
  await expect(next).resolves.toBe('read');
});

test('more of them than there is room for are asked to come again', async () => {
  const turns = createTurns({ room: 1 });
  const begun = turns(() => new Promise((resolve) => setImmediate(resolve)));
  await Promise.resolve();
  const waiting = turns(() => Promise.resolve('read'));

  const refused = turns(() => Promise.resolve());

  await expect(refused).rejects.toMatchObject({ code: 'rate-limited' });
  await begun;
  await expect(waiting).resolves.toBe('read');
});
