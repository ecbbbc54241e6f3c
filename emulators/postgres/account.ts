import { readFileSync } from 'node:fs';

/** A system account to run a child process as; empty means the account of this process. */
export type Account = { uid: number; gid: number } | Record<string, never>;

/**
 * The account that may run PostgreSQL, which refuses to run as root: this process's own, or `nobody` when this process
 * is root. Nothing is created on the machine. Throws when root finds no `nobody` in `passwd`, because initdb looks its
 * own uid up there.
 */
export function unprivilegedAccount(
  uid = process.getuid?.(),
  passwd = () => readFileSync('/etc/passwd', 'utf8'),
): Account {
  if (uid !== 0) return {};

  const [, , nobody, group] =
    passwd()
      .split('\n')
      .find((line) => line.startsWith('nobody:'))
      ?.split(':') ?? [];
  // macOS writes -2, which the system calls take as an unsigned number.
  const account = { uid: Number(nobody) >>> 0, gid: Number(group) >>> 0 };
  if (account.uid === 0 || account.gid === 0) {
    throw new Error('PostgreSQL does not run as root and there is no account "nobody" in /etc/passwd to run it as.');
  }
  return account;
}
