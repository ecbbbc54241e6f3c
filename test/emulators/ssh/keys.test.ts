import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { ed25519Keys } from '../../../emulators/ssh/keys.ts';
import { createHostKey } from '../../../src/tunnel/host-key.ts';

const isRead = (key: string) => !(ssh2.utils.parseKey(key) instanceof Error);

test('every key that is made can be read', () => {
  const keys = Array.from({ length: 1500 }, () => ed25519Keys());

  expect(keys.filter((key) => !isRead(key.private))).toEqual([]);
});

test('the host key of every deployment can be read', () => {
  const keys = Array.from({ length: 1500 }, (_, seed) => createHostKey(`seal ${seed}`));

  expect(keys.filter((key) => !key.private.use(isRead)).map(({ public: shown }) => shown)).toEqual([]);
});
