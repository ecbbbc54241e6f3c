import { defineCommand } from 'citty';
import { z } from 'zod';
import type { Manifest } from '../evidence/evidence.ts';
import { type ConsoleAccess, consoleArgs, proofFor, safeAddress, wordsOf } from './address.ts';
import { BadArchive } from './archive.ts';
import { finish, type Surroundings, tokenOf } from './command.ts';
import { ConsoleRefused } from './console-client.ts';
import { printable, type Terminal } from './terminal.ts';
import { refuseOccupied, unpack } from './unpack.ts';

const args = {
  from: {
    type: 'string',
    required: true,
    description: 'The first day, or moment, of the period (UTC).',
    valueHint: 'date',
  },
  to: { type: 'string', required: true, description: 'The day, or moment, after its last.', valueHint: 'date' },
  out: { type: 'string', required: true, description: 'A folder that is new or empty.', valueHint: 'path' },
  recordings: {
    type: 'boolean',
    default: false,
    description: 'With what was returned to agents, as far as it was recorded.',
  },
  ...consoleArgs,
} as const;

/** `sallyport evidence export`. */
export function createEvidenceCommand(surroundings: Surroundings) {
  const { terminal, environment } = surroundings;
  return defineCommand({
    meta: { name: 'evidence', description: 'What an auditor takes along.' },
    subCommands: {
      export: defineCommand({
        meta: { name: 'export', description: 'Write a bundle of evidence that anyone can check without a network.' },
        args,
        run: ({ args: given }) =>
          finish(surroundings, Object.keys(args), given, async () => {
            const console = given.console ?? environment['SALLYPORT_CONSOLE'];
            if (!console) throw new ConsoleRefused('Name the console with --console or SALLYPORT_CONSOLE.');
            const token = await tokenOf(given['token-file'], environment);
            const { from, to, out, recordings } = given;
            const throughIap = environment['SALLYPORT_THROUGH_IAP'] === 'true';
            return exportBundle(terminal, { console, token, throughIap, out, asked: { from, to, recordings } });
          }),
      }),
    },
  });
}

export type ExportOptions = ConsoleAccess & {
  out: string;
  asked: { from: string; to: string; recordings: boolean };
};

/** Writes the bundle into a new folder; there is none where it did not come whole. Exit status 0. */
export async function exportBundle(terminal: Terminal, { out, asked, ...access }: ExportOptions): Promise<number> {
  try {
    await refuseOccupied(out);
    const source = await requested(access, asked);
    const manifest = await unpack(source, out, watching(terminal));
    terminal.progress?.('');
    terminal.write(told(manifest, out, terminal));
    return 0;
  } catch (error) {
    terminal.progress?.('');
    if (error instanceof BadArchive)
      throw new ConsoleRefused(`${error.message} Nothing was written.`, { cause: error });
    throw error;
  }
}

/** Milliseconds without a sign of life. */
const PATIENCE = 120_000;

/** The token goes over TLS or to this machine alone, and follows no redirect. */
async function requested({ console, ...access }: ConsoleAccess, asked: ExportOptions['asked']) {
  const base = safeAddress(console);
  if (base === undefined) throw new ConsoleRefused('The token is sent over https alone, or to this machine.');
  const stopping = new AbortController();
  const timer = setTimeout(() => stopping.abort(), PATIENCE);
  const answer = await fetch(new URL('api/evidence:export', base), {
    method: 'POST',
    redirect: 'error',
    signal: stopping.signal,
    headers: { ...proofFor(access), 'Content-Type': 'application/json' },
    body: JSON.stringify(asked),
  }).catch((cause: unknown) => {
    clearTimeout(timer);
    throw new ConsoleRefused(`The console at ${base.origin} cannot be reached.`, { cause });
  });
  const { body } = answer;
  if (!answer.ok || body === null) {
    clearTimeout(timer);
    throw new ConsoleRefused(
      wordsOf(await answer.json().catch(() => undefined)) ?? `The console answered ${answer.status}.`,
    );
  }
  return patiently(body, timer);
}

async function* patiently(body: AsyncIterable<Uint8Array>, timer: NodeJS.Timeout): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body) {
      timer.refresh();
      yield piece;
    }
  } catch (cause) {
    throw new BadArchive('The connection broke off.', { cause });
  } finally {
    clearTimeout(timer);
  }
}

const remarkSchema = z.union([
  z.object({ step: z.string(), done: z.number(), total: z.number() }),
  z.object({ failed: z.string() }),
]);

function watching({ progress }: Terminal) {
  let writing: { step: string; done: number; total: number } | undefined;
  let shown = '';
  const show = (now: NonNullable<typeof writing>) => {
    const line = bar(now);
    if (line !== shown) progress?.(line);
    shown = line;
  };
  return {
    onRemark(text: string) {
      const json = /^\d+ comment=sallyport (\{.*\})\n$/s.exec(text)?.[1];
      const read = json === undefined ? undefined : remarkSchema.safeParse(JSON.parse(json)).data;
      if (read === undefined) return;
      if ('failed' in read) throw new BadArchive(printable(read.failed));
      show(read);
      writing = read;
    },
    onBytes(bytes: number) {
      if (writing === undefined) return;
      writing.done += bytes;
      show(writing);
    },
  };
}

const cells = 24;

/** `█████───────────────────  21 %  reading the trail` */
function bar({ step, done, total }: { step: string; done: number; total: number }): string {
  const share = Math.min(1, done / Math.max(total, 1));
  const full = Math.round(cells * share);
  return `${'█'.repeat(full)}${'─'.repeat(cells - full)}  ${String(Math.floor(share * 100)).padStart(3)} %  ${printable(step)}`;
}

function told({ trail, queries }: Manifest, out: string, { paint }: Terminal): string {
  const { events, checkpoints, sealed, findings } = trail;
  const state =
    findings > 0
      ? paint('red', `The trail does not hold: ${findings} findings, which summary.html and sallyport verify list.`)
      : sealed
        ? paint('green', 'The trail is complete: signed checkpoints hold both of its ends.')
        : paint(
            'yellow',
            'The trail holds, but no checkpoint covers the end of the period yet. Export it again later to have it sealed.',
          );
  return `${state}
${events} events, ${checkpoints} checkpoints and ${queries.length} answers are in ${printable(out)}.
To check them: sallyport verify ${printable(out)}
`;
}
