import { expect, test } from 'vitest';
import { unprivilegedAccount } from '../../../emulators/postgres/account.ts';

const passwd = (line: string) => () => `root:x:0:0:root:/root:/bin/bash\n${line}\n`;

test('root runs PostgreSQL as nobody', () => {
  const account = unprivilegedAccount(0, passwd('nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin'));

  expect(account).toEqual({ uid: 65534, gid: 65533 });
});

test('the negative ids of macOS are understood', () => {
  const account = unprivilegedAccount(0, passwd('nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false'));

  expect(account).toEqual({ uid: 4294967294, gid: 4294967294 });
});

test('anybody else runs it as themselves', () => {
  expect(unprivilegedAccount(1000)).toEqual({});
});

test.each(['', 'nobody:x:0:0::/:', 'nobody:x:::'])('root never falls back to root: %j', (line) => {
  expect(() => unprivilegedAccount(0, passwd(line))).toThrow('no account "nobody"');
});
