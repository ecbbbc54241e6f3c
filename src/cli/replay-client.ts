import { z } from 'zod';
import { type ConsoleAccess, proofFor, safeAddress, wordsOf } from './address.ts';
import { ConsoleRefused } from './console-client.ts';

const nullable = z.string().nullable();

/** What of an operation is shown; the API gives more. */
const operationSchema = z.looseObject({
  operation: z.string(),
  session: nullable,
  outcome: z.string(),
  why: nullable,
  asked_at: z.string(),
  ended_at: nullable,
  principal: z.looseObject({ member: z.string() }).nullable(),
  agent: z.looseObject({ name: nullable, model: nullable, attested: z.boolean(), reason: nullable }).nullable(),
  connection: nullable,
  verb: nullable,
  risks: z.array(z.string()),
  statement: nullable,
  parameters: nullable,
  decision: z
    .looseObject({ effect: z.string(), policies: z.array(z.string()), unmask: z.array(z.string()) })
    .nullable(),
  approval: z
    .looseObject({ id: z.string(), requester: z.string(), approvers: z.array(z.string()), reason: nullable })
    .nullable(),
  masks: z.array(z.looseObject({ resource: z.string(), class: z.string() })),
  findings: z.array(z.object({ class: z.string(), count: z.number() })),
  result: z
    .looseObject({ rows: z.number().nullable(), affected: z.number().nullable(), truncated: z.boolean() })
    .nullable(),
  duration_ms: z.looseObject({ total: z.number() }).nullable(),
});
export type OperationShown = z.output<typeof operationSchema>;

const recordingSchema = z.object({
  operation: operationSchema,
  recording: z.looseObject({
    state: z.enum(['intact', 'changed', 'missing', 'unrecorded', 'expired', 'running']),
    faults: z.array(z.string()),
    truncated: z.boolean(),
    columns: z.array(z.looseObject({ name: z.string(), masked: z.string().optional() })),
    rows: z.array(z.array(z.unknown())),
    session: z
      .looseObject({ command: z.string().optional(), seconds: z.number(), exit: z.string().optional() })
      .optional(),
    /** Of a session. */
    cast: z.string().optional(),
    body: z
      .object({ status: z.number(), headers: z.array(z.tuple([z.string(), z.string()])), text: z.string() })
      .optional(),
  }),
});
export type RecordingShown = z.output<typeof recordingSchema>;

const sessionSchema = z.object({
  session: z.string(),
  from: z.string(),
  to: z.string(),
  operations: z.array(operationSchema),
  next: z.string().optional(),
});
export type SessionShown = z.output<typeof sessionSchema>;

/** Sessions and recordings over HTTP, as an auditor reads them. */
export type ReplayClient = {
  /** All pages of it. */
  session(
    name: string,
    period: { principal?: string | undefined; from?: string | undefined; to?: string | undefined },
  ): Promise<SessionShown>;
  /** `text`: as the console answered it, with every digit. */
  recording(operation: string): Promise<{ text: string; told: RecordingShown }>;
  /** The asciicast of a session as it is written, to its end. Throws where it breaks off before. */
  follow(operation: string): AsyncGenerator<string, void>;
};

const deadline = 60_000;

/** Refuses to send the token anywhere but over TLS or to this machine, and never follows a redirect with it. */
export function createReplayClient({ console, ...access }: ConsoleAccess): ReplayClient {
  const base = safeAddress(console);
  if (base === undefined) throw new ConsoleRefused('The token is sent over https alone, or to this machine.');

  async function ask(path: string, signal?: AbortSignal): Promise<Response> {
    const answer = await fetch(new URL(path, base), {
      redirect: 'error',
      ...(signal && { signal }),
      headers: { ...proofFor(access), Accept: 'application/json' },
    }).catch((cause: unknown) => {
      throw new ConsoleRefused(`The console at ${base?.origin} cannot be reached.`, { cause });
    });
    if (answer.ok) return answer;
    throw new ConsoleRefused(wordsOf(jsonIn(await answer.text())) ?? `The console answered ${answer.status}.`);
  }

  const get = async (path: string) => (await ask(path, AbortSignal.timeout(deadline))).text();

  return {
    async session(name, period) {
      const pages: SessionShown[] = [];
      for (let after: string | undefined, more = true; more; more = after !== undefined) {
        const query = new URLSearchParams(Object.entries({ ...period, after }).filter(isGiven));
        const page = read(sessionSchema, await get(`api/sessions/~${encodeURIComponent(name)}?${query}`));
        pages.push(page);
        after = page.next;
      }
      const [{ session = name, from = '', to = '' } = {}] = pages;
      return { session, from, to, operations: pages.flatMap(({ operations }) => operations) };
    },
    async recording(operation) {
      const text = await get(`api/operations/${operation}/recording`);
      return { text, told: read(recordingSchema, text) };
    },
    async *follow(operation) {
      const { body } = await ask(`api/operations/${operation}/recording?follow&format=cast`);
      try {
        for await (const piece of body?.pipeThrough(new TextDecoderStream()) ?? []) yield piece;
      } catch (cause) {
        throw new ConsoleRefused('The console broke off; the session may go on.', { cause });
      }
    },
  };
}

const isGiven = (entry: [string, string | undefined]): entry is [string, string] => entry[1] !== undefined;

function read<T>(schema: z.ZodType<T>, text: string): T {
  const result = schema.safeParse(jsonIn(text));
  if (result.success) return result.data;
  throw new ConsoleRefused('The console answered with something that is no replay.');
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text, exactly);
  } catch {
    return undefined;
  }
}

/** A number that JavaScript would round is kept as its digits. */
function exactly(_: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' && context?.source !== String(value) ? (context?.source ?? value) : value;
}
