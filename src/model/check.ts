import type { z } from 'zod';
import { Problem, type ProblemCode } from './problem.ts';

/** The value, as its schema reads it. Otherwise a problem whose detail names paths and rules only, never what was sent. */
export function check<T>(value: unknown, schema: z.ZodType<T>, code: ProblemCode = 'bad-request'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Problem(code, { detail: describeIssues(result.error) });
}

/** Where a value breaks its schema, at most five places, in words that repeat nothing of the value. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.map(String).join('.') || 'it'}: ${wordsOf(issue)}`)
    .join('; ');
}

/** Zod's own words, but for those that repeat what was sent. */
function wordsOf(issue: z.core.$ZodIssue) {
  return issue.code === 'unrecognized_keys' ? 'holds a field that is not known here' : issue.message;
}
