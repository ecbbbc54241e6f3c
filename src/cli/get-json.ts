import { type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';

const MILLISECONDS = 30_000;
const MOST = 16 * 1024 * 1024;

/**
 * What an address answers, as JSON where it is JSON; no redirect is followed with the token. `ca`: PEM of the authority to trust instead
 * of those that the system knows, which `fetch` cannot be told.
 */
export function getJson(
  url: URL,
  { token, ca }: { token: string; ca?: string },
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? secure : plain;
    const outgoing = send(url, {
      agent: false,
      headers: { Authorization: `Bearer ${token}`, Accept: 'application/json' },
      signal: AbortSignal.timeout(MILLISECONDS),
      ...(ca !== undefined && { ca }),
    });
    outgoing.once('error', reject);
    outgoing.once('response', (answer) => {
      textOf(answer).then((text) => resolve({ status: answer.statusCode ?? 0, body: parsed(text) }), reject);
    });
    outgoing.end();
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MOST) throw new Error('The answer is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
