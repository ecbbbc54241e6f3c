import { z } from 'zod';
import { type DocumentKind, documentKinds } from '../model/documents.ts';
import { safeAddress, wordsOf } from './address.ts';
import type { Change, DocumentInForce } from './plan.ts';

/** The console's documents over HTTP. */
export type ConsoleClient = {
  documents(): Promise<DocumentInForce[]>;
  /** Makes one change, only if the document is still as it was planned for. */
  make(change: Change): Promise<void>;
};

/** What the console answered, or why it could not be asked, in words for the author. */
export class ConsoleRefused extends Error {
  override name = 'ConsoleRefused';
}

const listSchema = z.object({
  documents: z.array(z.object({ name: z.string(), document: z.record(z.string(), z.unknown()), etag: z.string() })),
});

const deadline = 30_000;

/** Refuses to send the token anywhere but over TLS or to this machine, and never follows a redirect with it. */
export function createConsoleClient({ console, token }: { console: string; token: string }): ConsoleClient {
  const base = baseOf(console);

  async function call(method: string, path: string, options: { headers?: Record<string, string>; body?: string } = {}) {
    const answer = await fetch(new URL(path, base), {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(deadline),
      headers: { ...options.headers, Authorization: `Bearer ${token}`, Accept: 'application/json' },
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
  };
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
