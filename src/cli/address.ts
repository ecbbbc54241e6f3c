import { z } from 'zod';
import { printable } from './terminal.ts';

/** Where a token may be sent: over TLS, or to this machine. Undefined for anything else. */
export function safeAddress(address: string): URL | undefined {
  const url = URL.parse(address);
  if (url === null) return undefined;
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) return undefined;
  return new URL('./', url.href.endsWith('/') ? url : `${url.href}/`);
}

/** Whose token the console gets, and how. */
export type ConsoleAccess = { console: string; token: string; throughIap?: boolean };

/**
 * The header that a token is sent in to the console. One that is for Identity-Aware Proxy goes where that takes it off the request, so that the
 * console hears who asks from the proxy alone: it refuses two proofs at once.
 */
export function proofFor({ token, throughIap = false }: Omit<ConsoleAccess, 'console'>): Record<string, string> {
  return { [throughIap ? 'Proxy-Authorization' : 'Authorization']: `Bearer ${token}` };
}

const problemSchema = z.object({ title: z.string(), detail: z.string().optional() });

/** A problem (RFC 9457) in its own words. */
export function wordsOf(problem: unknown): string | undefined {
  const read = problemSchema.safeParse(problem);
  if (!read.success) return undefined;
  const { title, detail } = read.data;
  return printable(detail === undefined ? title : `${title} ${detail}`);
}

/** The arguments of every command that calls with the caller's own token, */
export const tokenArgs = {
  'token-file': {
    type: 'string',
    description: 'A file that holds your token; else SALLYPORT_TOKEN.',
    valueHint: 'path',
  },
} as const;

/** of those that tell other programs how they reach the gateway, */
export const gatewayArgs = {
  gateway: { type: 'string', description: 'The gateway’s address; else SALLYPORT_GATEWAY.', valueHint: 'url' },
  audience: { type: 'string', description: 'Whom your token is for; else the gateway.', valueHint: 'url' },
  'certificate-authority': {
    type: 'string',
    description: 'PEM of the authority that vouches for the gateway, where the system does not know it.',
    valueHint: 'path',
  },
} as const;

/** and of those that ask the console. */
export const consoleArgs = {
  console: { type: 'string', description: 'The console’s address; else SALLYPORT_CONSOLE.', valueHint: 'url' },
  ...tokenArgs,
} as const;
