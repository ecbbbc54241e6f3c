import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from './account.ts';

export type Cluster = { data: string; password: string };

/**
 * The database cluster in `home`, made if it is not there, with a random superuser password that is kept beside it in a
 * file only its account reads. `home` belongs to that account alone.
 */
export async function openCluster(home: string, initdb: string, user: string, account: Account): Promise<Cluster> {
  const data = join(home, 'data');
  const passwordFile = join(home, 'password');
  if (existsSync(data)) return { data, password: await readFile(passwordFile, 'utf8') };

  await giveTo(account, home, () => mkdir(home, { recursive: true, mode: 0o700 }));
  const password = randomBytes(24).toString('base64url');
  await rm(passwordFile, { force: true });
  await giveTo(account, passwordFile, () => writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' }));

  // Renamed when complete: an interrupted initdb must not look like a cluster at the next start.
  const unfinished = join(home, 'initdb');
  await rm(unfinished, { recursive: true, force: true });
  await runInitdb(initdb, [`--pgdata=${unfinished}`, `--username=${user}`, `--pwfile=${passwordFile}`], home, account);
  await rename(unfinished, data);
  return { data, password };
}

async function runInitdb(initdb: string, args: string[], cwd: string, account: Account): Promise<void> {
  const fixed = [
    '--auth=scram-sha-256',
    '--no-sync',
    '--no-data-checksums',
    '--no-instructions',
    '--encoding=UTF8',
    '--locale=C',
  ];
  const collation = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const env = { TZ: 'UTC' }; // without it initdb reads every time zone file to find the machine's
  try {
    await promisify(execFile)(initdb, [...args, ...fixed, ...collation], { ...account, cwd, env });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? `\n${error.stderr}` : '';
    const reach = account.uid === undefined ? '' : ' as "nobody", because root it refuses: can that account enter it?';
    throw new Error(`PostgreSQL cannot make a cluster in ${cwd}${reach}${said}`, { cause: error });
  }
}

async function giveTo(account: Account, path: string, make: () => Promise<unknown>): Promise<void> {
  await make();
  if (account.uid !== undefined && account.gid !== undefined) await chown(path, account.uid, account.gid);
}
