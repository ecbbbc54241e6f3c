import { z } from 'zod';
import { unreadable } from '../api/refused.ts';

const tokenSchema = z.strictObject({ start: z.int().nonnegative(), jobId: z.string().optional() });

/** Where the next page of a result begins, and of which job, where the request itself names none. It gives no right: each page is asked for anew. */
export type PageToken = z.output<typeof tokenSchema>;

export const writeToken = (token: PageToken) => Buffer.from(JSON.stringify(token)).toString('base64url');

export function readToken(token: string): PageToken {
  try {
    return tokenSchema.parse(JSON.parse(Buffer.from(token, 'base64url').toString()));
  } catch {
    throw unreadable('query', 'pageToken is none that the gateway gave.');
  }
}
