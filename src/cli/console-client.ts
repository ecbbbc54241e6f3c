import { z } from 'zod';
import { type DocumentKind, documentKinds } from '../model/documents.ts';
import { type ConsoleAccess, proofFor, safeAddress, wordsOf } from './address.ts';
import type { Change, DocumentInForce } from './plan.ts';
import { changeSchema } from './policy-history.ts';
import { simulatedSchema } from './policy-simulate.ts';

/** The console's documents over HTTP. */
export type ConsoleClient = {
  documents(): Promise<DocumentInForce[]>;
  /** Makes one change, only if the document is still as it was planned for. */
  make(change: Change): Promise<void>;
  /** What would have been different had a draft been in force. */
  simulate(asked: object): Promise<z.output<typeof simulatedSchema>>;
  /** What became of the documents, the newest change first. */
  history(filter: Readonly<Record<string, string | undefined>>): Promise<z.output<typeof changeSchema>[]>;
};

/** What the console answered, or why it could not be asked, in words for the author. */
export class ConsoleRefused extends Error {
  override name = 'ConsoleRefused';
}

const listSchema = z.object({
  documents: z.array(z.object({ name: z.string(), document: z.record(z.string(), z.unknown()), etag: z.string() })),
});

/** Milliseconds. Many operations take their time. */
const deadline = 30_000;
const longDeadline = 600_000;

/** Refuses to send the token anywhere but over TLS or to this machine, and never follows a redirect with it. */
export function createConsoleClient({ console, ...access }: ConsoleAccess): ConsoleClient {
  const base = baseOf(console);

  async function call(
    method: string,
    path: string,
    options: { headers?: Record<string, string>; body?: string; deadline?: number } = {},
  ) {
    const answer = await fetch(new URL(path, base), {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(options.deadline ?? deadline),
      headers: { ...options.headers, ...proofFor(access), Accept: 'application/json' },
      ...(options.body !== undefined && { body: options.body }),
    }).catch((cause: unknown) => {
      throw new ConsoleRefused(`The console at ${base.origin} cannot be reached.`, { cause });
    });
    if (!answer.ok) throw new ConsoleRefused(await reasonOf(answer));
    return answer;
  }

  async function documentsOf(kind: DocumentKind): Promise<DocumentInForce[]> {
    const answer = await call('GET', `api/${kind}`);
    const listed = listSchema.safeParse(await answer.json());
    if (!listed.success) throw new ConsoleRefused('The console answered with something that is no list of documents.');
    return listed.data.documents.map(({ name, document, etag }) => ({ kind, name, document, etag }));
  }

  return {
    documents: async () => (await Promise.all(documentKinds.map(documentsOf))).flat(),

    async make(change) {
      const path = `api/${change.kind}/${encodeURIComponent(change.name)}`;
      if (change.action === 'remove') {
        await call('DELETE', path, { headers: { 'If-Match': change.etag } });
        return;
      }
      const precondition: Record<string, string> =
        change.action === 'create' ? { 'If-None-Match': '*' } : { 'If-Match': change.etag };
      const headers = { ...precondition, 'Content-Type': 'application/json' };
      await call('PUT', path, { headers, body: JSON.stringify(change.after) });
    },

    async simulate(asked) {
      const headers = { 'Content-Type': 'application/json' };
      const body = JSON.stringify(asked);
      const answer = await call('POST', 'api/policies:simulate', { headers, body, deadline: longDeadline });
      return read(simulatedSchema, await answer.json());
    },

    async history(filter) {
      const asked = Object.entries(filter).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
      const answer = await call('GET', `api/history?${new URLSearchParams(Object.fromEntries(asked))}`);
      return read(z.object({ changes: z.array(changeSchema) }), await answer.json()).changes;
    },
  };
}

function read<T>(schema: z.ZodType<T>, answer: unknown): T {
  const found = schema.safeParse(answer);
  if (!found.success) throw new ConsoleRefused('The console answered with something that is not understood here.');
  return found.data;
}

function baseOf(console: string): URL {
  if (URL.parse(console) === null) throw new ConsoleRefused('The address of the console is not a URL.');
  const base = safeAddress(console);
  if (base === undefined) throw new ConsoleRefused('The token is sent over https alone, or to this machine.');
  return base;
}

async function reasonOf(answer: Response): Promise<string> {
  return wordsOf(await answer.json().catch(() => undefined)) ?? `The console answered ${answer.status}.`;
}
