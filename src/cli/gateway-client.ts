import { z } from 'zod';
import { safeAddress, wordsOf } from './address.ts';
import { printable } from './terminal.ts';

/** What the gateway answered, or why it could not be asked, in words for whoever typed the command. */
export class GatewayRefused extends Error {
  override name = 'GatewayRefused';
}

/** A human must decide first; the same command is then sent again. */
export class Waiting extends GatewayRefused {
  override name = 'Waiting';
}

type Row = readonly unknown[];

export type GatewayClient = {
  /**
   * Runs one operation and tells of each row as it comes. Resolves with whether limits cut the answer; throws `Waiting` where a
   * human must decide first.
   */
  run(connection: string, request: object, onRow: (row: Row) => void): Promise<{ truncated: boolean }>;
};

const line = z.union([
  z.array(z.unknown()),
  z.object({ columns: z.array(z.unknown()) }),
  z.object({ summary: z.object({ truncated: z.boolean() }) }),
  z.object({ problem: z.unknown() }),
]);
const waitingSchema = z.object({ approval: z.object({ url: z.string(), approvers: z.array(z.string()) }) });

const deadline = 600_000;

/** Refuses to send the token anywhere but over TLS or to this machine, and never follows a redirect with it. */
export function createGatewayClient({ gateway, token }: { gateway: string; token: string }): GatewayClient {
  const base = safeAddress(gateway);
  if (base === undefined)
    throw new GatewayRefused('The token is sent to a gateway over https alone, or to this machine.');

  async function call(connection: string, request: object): Promise<Response> {
    const path = `v1/connections/${encodeURIComponent(connection)}/operations`;
    return fetch(new URL(path, base), {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(deadline),
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', Accept: 'application/x-ndjson' },
      body: JSON.stringify(request),
    }).catch((cause: unknown) => {
      throw new GatewayRefused(`The gateway at ${base?.origin} cannot be reached.`, { cause });
    });
  }

  return {
    async run(connection, request, onRow) {
      const answer = await call(connection, request);
      if (answer.status === 202) throw await waitingOf(answer);
      if (!answer.ok || answer.body === null) {
        throw new GatewayRefused(
          wordsOf(await answer.json().catch(() => undefined)) ?? `The gateway answered ${answer.status}.`,
        );
      }
      let truncated: boolean | undefined;
      for await (const text of linesOf(answer.body)) {
        const read = readLine(text);
        if (Array.isArray(read)) onRow(read);
        else if ('summary' in read) truncated = read.summary.truncated;
        else if ('problem' in read) throw new GatewayRefused(wordsOf(read.problem) ?? 'The gateway gave up.');
      }
      // An answer without its summary is not whole: its outcome was not recorded.
      if (truncated === undefined) throw new GatewayRefused('The answer broke off.');
      return { truncated };
    },
  };
}

function readLine(text: string): z.output<typeof line> {
  try {
    return line.parse(JSON.parse(text));
  } catch (cause) {
    throw new GatewayRefused('The gateway answered with something that is no result.', { cause });
  }
}

async function waitingOf(answer: Response): Promise<Waiting> {
  const read = waitingSchema.safeParse(await answer.json().catch(() => undefined));
  if (!read.success) return new Waiting('A human must approve this first.');
  const { url, approvers } = read.data.approval;
  return new Waiting(
    `${printable(approvers.join(', '))} must approve this first, at ${printable(url)}\nThen send the same command again.`,
  );
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((text) => text !== '');
  }
  if (rest !== '') yield rest;
}
