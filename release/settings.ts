import { z } from 'zod';

const text = z.string().min(1);
const share = z.coerce.number().positive().max(1);
const seconds = z.coerce.number().positive();

const schema = z
  .object({
    PROJECT_ID: text,
    REGION: text,
    NAME: text,
    BUILD_ID: text,
    AUDIENCE: z.url(),
    DATASET: text,
    STEPS: z
      .string()
      .regex(/^\d+( \d+)*$/)
      .transform((list) => list.split(' ').map(Number)),
    WATCH_SECONDS: seconds,
    MAX_ERRORS: share,
    MAX_LAG: seconds,
    MONITORING_URL: z.url().default('https://monitoring.googleapis.com'),
    BIGQUERY_URL: z.url().default('https://bigquery.googleapis.com'),
  })
  .refine(({ STEPS }) => STEPS.at(-1) === 100 && STEPS.every((step, at) => step > (STEPS[at - 1] ?? 0)), {
    path: ['STEPS'],
    error: 'must rise, and end with 100',
  });

/** What a release is told by cloudbuild.yaml. Throws with everything that is missing or wrong. */
export function readSettings(environment: Record<string, string | undefined>) {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const { data } = parsed;
  return {
    project: data.PROJECT_ID,
    region: data.REGION,
    name: data.NAME,
    build: data.BUILD_ID,
    audience: data.AUDIENCE,
    dataset: data.DATASET,
    steps: data.STEPS,
    limits: { seconds: data.WATCH_SECONDS, errors: data.MAX_ERRORS, lag: data.MAX_LAG },
    endpoints: { monitoring: data.MONITORING_URL, bigquery: data.BIGQUERY_URL },
  };
}
