import type { Context } from 'hono';
import type { z } from 'zod';
import { check } from '../model/check.ts';
import { Problem } from '../model/problem.ts';

/** A form's fields, each once. */
export async function readForm<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') throw new Problem('bad-request', { detail: 'Send a form.' });
  const fields = [...new URLSearchParams(await readText(context.req.raw))];
  const once = new Map(fields);
  if (once.size !== fields.length) throw new Problem('bad-request', { detail: 'A field is there twice.' });
  return check(Object.fromEntries(once), schema);
}

/** Bytes of a form at most. */
const FORM_LIMIT = 64 * 1024;

/** Counted as they come, whatever length was announced. */
async function readText({ body }: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > FORM_LIMIT) throw new Problem('too-large', { detail: `A form is at most ${FORM_LIMIT} bytes.` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
