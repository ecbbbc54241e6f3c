import { expect, test } from 'vitest';
import { persist } from '../../src/roles/parts.ts';

test('a role that starts while a service is away has what it needs once the service is there, and each failure is in the log', async () => {
  const logged: unknown[] = [];
  let tries = 0;

  const had = persist(
    async () => {
      tries += 1;
      if (tries < 3) throw new Error(`failure ${tries}`);
      return 'a key';
    },
    { error: (fields) => logged.push(fields) },
    { milliseconds: 10_000, pause: 1 },
  );

  expect(await had).toBe('a key');
  expect(logged).toEqual([{ error: new Error('failure 1') }, { error: new Error('failure 2') }]);
});

test('a role that cannot have what it needs in time ends with the last failure', async () => {
  const had = persist(
    async () => {
      throw new Error('no right to read it');
    },
    { error: () => {} },
    { milliseconds: 0, pause: 1 },
  );

  await expect(had).rejects.toThrow('no right to read it');
});
