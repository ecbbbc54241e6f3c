import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatewayRefused } from './gateway-client.ts';
import { printable } from './terminal.ts';

/** Files of whoever calls, that other programs read: refusals name the file. */

export async function readOwn(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new GatewayRefused(`${printable(path)} cannot be read.`, { cause });
  }
}

/** Undefined where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new GatewayRefused(`${printable(path)} cannot be read.`, { cause: error });
  }
}

/** The whole file or none of it, for its owner alone. */
export async function replaceOwn(path: string, text: string): Promise<void> {
  const fresh = `${path}.${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(fresh, text, { mode: 0o600, flag: 'wx' });
    await rename(fresh, path);
  } catch (cause) {
    throw new GatewayRefused(`${printable(path)} cannot be written.`, { cause });
  }
}
