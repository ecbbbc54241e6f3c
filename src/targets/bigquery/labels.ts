import type { JobSeal } from './job-seal.ts';

/** What may be a label's key or value (BigQuery, "Requirements for labels"). */
const fitting = /^[a-z0-9_-]{1,63}$/;

export type Labelled = {
  jobId: string;
  operation?: string | undefined;
  session?: string | undefined;
  connection: string;
  caller: string;
};

/**
 * What a job carries in the project's own records (`INFORMATION_SCHEMA.JOBS`, the billing export), so that they can be held against the trail.
 * The caller and what may be no label stand there as keyed hashes.
 */
export function labelsFor({ jobId, operation, session, connection, caller }: Labelled, seal: JobSeal) {
  const safe = (text: string) => (fitting.test(text) ? text : seal.label(`label ${text}`));
  return {
    sallyport_connection: safe(connection),
    sallyport_caller: seal.label(`caller ${caller}`),
    ...(operation !== undefined && { sallyport_operation: safe(operation) }),
    ...(session !== undefined && { sallyport_session: safe(session) }),
    sallyport_job: seal.label(jobId),
  };
}

/** The label that only the gateway can give. */
export const isOurs = (jobId: string, labels: Readonly<Record<string, string>>, seal: JobSeal) =>
  labels['sallyport_job'] === seal.label(jobId);

/** A caller's own labels, which may not look like ours. */
export const isReserved = (name: string) => name.startsWith('sallyport');
