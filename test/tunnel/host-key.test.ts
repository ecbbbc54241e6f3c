import { inspect } from 'node:util';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { createHostKey } from '../../src/tunnel/tunnel.ts';

test('all instances of a deployment prove themselves with one host key, and no other deployment has it', () => {
  const one = createHostKey('a-seal-key');

  expect(createHostKey('a-seal-key').public).toBe(one.public);
  expect(createHostKey('another-seal-key').public).not.toBe(one.public);
});

test('the public half that clients are told is that of the key that signs', () => {
  const { private: secret, public: told } = createHostKey('a-seal-key');

  const parsed = ssh2.utils.parseKey(secret.use((key) => key));
  if (parsed instanceof Error) throw parsed;
  const signature = parsed.sign('bytes');
  if (signature instanceof Error) throw signature;

  expect(`ssh-ed25519 ${parsed.getPublicSSH().toString('base64')}`).toBe(told);
  const pinned = ssh2.utils.parseKey(told);
  expect(!(pinned instanceof Error) && pinned.verify('bytes', signature)).toBe(true);
});

test('the private half cannot be printed', () => {
  expect(inspect(createHostKey('a-seal-key'), { depth: 9 })).toMatch(/private: \[secret\]/);
});
