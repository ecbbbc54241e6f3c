import { z } from 'zod';

/** The forms that values of the environment have. A message says what a value must be and never repeats it. */

/** `127.0.0.1:8084`, also where it is written as an http address. */
export const loopback = z
  .string()
  .regex(/^(http:\/\/)?(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/, 'must be a loopback address such as 127.0.0.1:8084')
  .transform((address) => address.replace('http://', ''));

export const port = z.coerce.number().int().min(0).max(65_535);

export const positive = z.coerce.number().int().positive();

export const truth = z.enum(['true', 'false']);

export const dataset = z.string().regex(/^\w+$/);

export const group = z.string().regex(/^group:\S+$/, 'must be group:<name>');

export const bucket = z.string().regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, 'must be the name of a bucket');

export const secret = z
  .string()
  .regex(/^projects\/[^/]+\/secrets\/[^/]+(\/versions\/\w+)?$/, 'must be the name of a secret');

export const keyVersion = z
  .string()
  .regex(
    /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+\/cryptoKeyVersions\/\d+$/,
    'must be the full name of a KMS key version',
  );

export const json = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue({ code: 'custom', message: 'must be JSON' });
    return z.NEVER;
  }
});

const days = z.int().positive('must be whole days, at least one').max(36_500).optional();
/** Days by table: what is not named is kept for ever, but for recordings, which are kept as long as events. */
export const retention = z
  .strictObject({ events: days, recordings: days }, 'must be days by table: events, recordings')
  .refine(
    ({ events, recordings }) => events === undefined || recordings === undefined || recordings <= events,
    'must keep recordings no longer than events, which say what they are',
  );
