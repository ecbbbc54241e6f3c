import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { plain, type Terminal } from '../../src/cli/terminal.ts';

/** A folder with these files, gone after the test. */
export async function aFolder(files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** A terminal that remembers; a human sits there only where an answer is given. */
export function aTerminal(answer?: string): Terminal & { out: () => string; err: () => string } {
  const [written, complained]: [string[], string[]] = [[], []];
  return {
    write: (text) => void written.push(text),
    complain: (text) => void complained.push(text),
    paint: plain,
    ask: answer === undefined ? undefined : async () => answer,
    out: () => written.join(''),
    err: () => complained.join(''),
  };
}

export const crm = `kind: postgres
settings: {host: 127.0.0.1, database: crm}
credential: {secret: projects/p/secrets/crm}
`;
export const reads = `principals: ["group:analysts"]
connections: [crm]
verbs: [read]
effect: allow
`;
