import { z } from 'zod';
import { type Problem, problems } from '../../../model/problem.ts';

/** How a program ended, as the API server says it in its last message (`metav1.Status`). */
export type Ending = {
  isSuccess: boolean;
  /** Its exit status, where it had one. */
  exit?: number;
  /** Written anew: nothing is in it but what was read, and its texts are masked. */
  bytes: Uint8Array;
};

const text = z.string().max(64 * 1024);
const statusSchema = z.object({
  status: z.enum(['Success', 'Failure']),
  message: text.optional(),
  reason: z
    .string()
    .regex(/^[A-Za-z]{1,60}$/)
    .optional(),
  details: z
    .object({
      causes: z
        .array(z.object({ reason: z.string().max(60).optional(), message: text.optional() }))
        .max(20)
        .nullish(),
    })
    .nullish(),
});

/** Undefined where it is no such status. `mask` looks through the texts, as they may repeat what the program said. */
export function readEnding(payload: Uint8Array, mask: (text: string) => string): Ending | undefined {
  const read = statusSchema.safeParse(jsonOf(payload));
  if (!read.success) return undefined;
  const { status, message, reason, details } = read.data;
  const isSuccess = status === 'Success';
  const told = details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message ?? '';
  const exit = isSuccess ? 0 : /^\d{1,3}$/.test(told) ? Number(told) : undefined;
  const bytes = write({
    status,
    ...(message !== undefined && { message: mask(message) }),
    ...(reason !== undefined && { reason }),
    ...(exit !== undefined && !isSuccess && { details: { causes: [{ reason: 'ExitCode', message: String(exit) }] } }),
  });
  return { isSuccess, bytes, ...(exit !== undefined && { exit }) };
}

/** A session that the gateway ends says so in the same way. */
export function endingOf({ code, status, detail }: Problem): Uint8Array {
  const message = `sallyport: ${problems[code][1]}${detail === undefined ? '' : ` ${detail}`}`;
  return write({ status: 'Failure', message, reason: 'InternalError', code: status });
}

const write = (status: object) => Buffer.from(JSON.stringify({ metadata: {}, ...status }));

function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString());
  } catch {
    return undefined;
  }
}
