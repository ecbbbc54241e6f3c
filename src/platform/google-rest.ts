import type { z } from 'zod';
import { createTurns } from './turns.ts';

/** One question to a Google API. */
export type Ask<T> = {
  /** As in `<api>.googleapis.com`. */
  api: string;
  /** From `/v1/…` on. */
  path: string;
  query?: Readonly<Record<string, string>>;
  /** With one it is a POST. Only methods that read are asked so. */
  body?: unknown;
  answer: z.ZodType<T>;
  /** What the caller must be allowed, for the words of a refusal. */
  permission: string;
  /** What is read, in words that begin a sentence. */
  of: string;
};

/**
 * `unknown caller`: no credentials, or none that hold; `forbidden`: the caller may not; `off`: the API is not enabled; `absent`: there is no such thing; `late`, `unreachable`: no answer;
 * `refused`: any other status; `garbled`: an answer that is too large, no JSON, or not of the shape that is documented.
 */
export type WhyUnread =
  | 'unknown caller'
  | 'forbidden'
  | 'off'
  | 'absent'
  | 'late'
  | 'unreachable'
  | 'refused'
  | 'garbled';

/** Something could not be read, which says neither good nor bad of it. Its message repeats nothing of the answer. */
export class Unread extends Error {
  override name = 'Unread';
  readonly why: WhyUnread;
  readonly ask: Pick<Ask<unknown>, 'api' | 'permission' | 'of'>;

  constructor(why: WhyUnread, ask: Pick<Ask<unknown>, 'api' | 'permission' | 'of'>, options?: ErrorOptions) {
    super(`${ask.of}: ${why}`, options);
    this.why = why;
    this.ask = ask;
  }
}

/** Headers that say who asks. Throws where there are no credentials. */
export type Authorize = () => Promise<Headers>;

export type GoogleRestOptions = {
  authorize: Authorize;
  fetch?: typeof globalThis.fetch;
  /** Where an API is served instead, by its name: emulators, on loopback. They are asked without credentials. */
  places?: Readonly<Record<string, string>>;
  /** Milliseconds for one answer. */
  deadline?: number;
  atOnce?: number;
};

export type GoogleRest = ReturnType<typeof createGoogleRest>;

const mostBytes = 8 * 1024 * 1024;
const mostPages = 40;

/**
 * Reads Google's REST APIs with whatever credentials it is handed, each thing once, a few at a time. It never writes, follows no
 * redirect and repeats nothing. Whatever cannot be read throws `Unread`.
 */
export function createGoogleRest(options: GoogleRestOptions) {
  const { authorize, fetch = globalThis.fetch, places = {}, deadline = 10_000, atOnce = 8 } = options;
  const read = new Map<string, Promise<{ status: number; value: unknown }>>();
  const inTurn = createTurns(atOnce);
  const dates: { sent: number; date: number; received: number }[] = [];

  const authorized = (ask: Ask<unknown>) =>
    authorize().catch((cause: unknown) => {
      throw new Unread('unknown caller', ask, { cause });
    });

  async function request(url: string, ask: Ask<unknown>) {
    try {
      const signal = AbortSignal.timeout(deadline);
      const headers = places[ask.api] === undefined ? await authorized(ask) : new Headers();
      headers.set('accept', 'application/json');
      if (ask.body !== undefined) headers.set('content-type', 'application/json');
      const sent = Date.now();
      const response = await fetch(url, {
        method: ask.body === undefined ? 'GET' : 'POST',
        headers,
        signal,
        redirect: 'manual',
        ...(ask.body !== undefined && { body: JSON.stringify(ask.body) }),
      });
      const date = Date.parse(response.headers.get('date') ?? '');
      if (!Number.isNaN(date)) dates.push({ sent, date, received: Date.now() });
      return { status: response.status, value: await jsonOf(response, signal, ask) };
    } catch (error) {
      if (error instanceof Unread) throw error;
      const isLate = error instanceof DOMException && error.name === 'TimeoutError';
      throw new Unread(isLate ? 'late' : 'unreachable', ask, { cause: error });
    }
  }

  function once(ask: Ask<unknown>, query: Readonly<Record<string, string>>) {
    const url = `${baseOf(ask.api, places)}${ask.path}${queryOf(query)}`;
    const key = `${url} ${ask.body === undefined ? '' : JSON.stringify(ask.body)}`;
    const known = read.get(key) ?? inTurn(() => request(url, ask));
    read.set(key, known);
    return known;
  }

  async function answer<T>(ask: Ask<T>, query = ask.query ?? {}): Promise<T> {
    const { status, value } = await once(ask, query);
    if (status !== 200) throw new Unread(reasonOf(status, value), ask);
    const parsed = ask.answer.safeParse(value);
    if (!parsed.success) throw new Unread('garbled', ask);
    return parsed.data;
  }

  async function find<T>(ask: Ask<T>): Promise<T | undefined> {
    try {
      return await answer(ask);
    } catch (error) {
      if (error instanceof Unread && error.why === 'absent') return undefined;
      throw error;
    }
  }

  return {
    /** Throws `Unread`, also where there is no such thing. */
    read: <T>(ask: Ask<T>): Promise<T> => answer(ask),

    /** Undefined where there is no such thing. */
    find,

    /** All pages. */
    async list<T extends { nextPageToken?: string | undefined }>(ask: Ask<T>): Promise<T[]> {
      const pages: T[] = [];
      let pageToken: string | undefined;
      do {
        if (pages.length === mostPages) throw new Unread('garbled', ask);
        const page = await answer(ask, { ...ask.query, ...(pageToken !== undefined && { pageToken }) });
        pages.push(page);
        pageToken = page.nextPageToken || undefined;
      } while (pageToken !== undefined);
      return pages;
    },

    /** By Google's own clock: when answers were sent, between two moments of this machine's, in milliseconds. */
    dates: (): readonly { sent: number; date: number; received: number }[] => dates,
  };
}

function baseOf(api: string, places: Readonly<Record<string, string>>): string {
  const place = places[api];
  if (place === undefined) return `https://${api}.googleapis.com`;
  if (!/^http:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/.test(place))
    throw new Error(`${api} is served elsewhere only on this machine.`);
  return place;
}

function queryOf(query: Readonly<Record<string, string>>) {
  const text = new URLSearchParams(query).toString();
  return text === '' ? '' : `?${text}`;
}

async function jsonOf(response: Response, signal: AbortSignal, ask: Ask<unknown>): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    signal.throwIfAborted();
    length += chunk.length;
    if (length > mostBytes) throw new Unread('garbled', ask);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The page of a proxy on the way: its status still says something.
    if (response.status !== 200) return undefined;
    throw new Unread('garbled', ask);
  }
}

/** By status, and by the reason that Google gives in `google.rpc.ErrorInfo` (AIP-193). */
function reasonOf(status: number, value: unknown): WhyUnread {
  if (status === 404) return 'absent';
  if (status === 401) return 'unknown caller';
  if (status !== 403) return 'refused';
  const text = JSON.stringify(value) ?? '';
  return text.includes('"SERVICE_DISABLED"') || text.includes('"accessNotConfigured"') ? 'off' : 'forbidden';
}

/**
 * With the application default credentials (`gcloud auth application-default login`, Cloud Shell, a service account). Requests count
 * towards the quota of the project that is looked at. Throws where there are no credentials.
 */
export function defaultCredentials(project: string): Authorize {
  let opened: Promise<{ getRequestHeaders(): Promise<Headers> }> | undefined;
  async function open() {
    const { GoogleAuth } = await import('google-auth-library');
    return new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] }).getClient();
  }
  return async () => {
    opened ??= open();
    const headers = new Headers(await (await opened).getRequestHeaders());
    headers.set('x-goog-user-project', project);
    return headers;
  };
}
