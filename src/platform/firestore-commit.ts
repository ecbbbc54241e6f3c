import { setTimeout as sleep } from 'node:timers/promises';
import type { v1 } from '@google-cloud/firestore';
import { encodeFields } from './firestore-values.ts';
import { type Revision, type Write, WriteConflict, WriteUncertain } from './store.ts';

export type FirestoreRpc = InstanceType<typeof v1.FirestoreClient>;

type CommitContext = {
  rpc: FirestoreRpc;
  /** `projects/…/databases/…` */
  root: string;
  /** Milliseconds. */
  deadline: number;
};

/**
 * All writes or none, sent once. Google's clients repeat a commit that failed with UNAVAILABLE; had the first try been
 * applied, the second would meet its own document and look like a lost race. So nothing is repeated here but what the
 * server said it did not apply (ABORTED, contention), and:
 *
 * - a lost precondition is `WriteConflict`: nothing was written;
 * - an answer that never came, or that leaves it open, is `WriteUncertain`: read by id before doing anything else;
 * - a request that Firestore refuses to look at is thrown as it came: nothing was written.
 */
export async function commitOnce(
  { rpc, root, deadline }: CommitContext,
  writes: readonly Write[],
): Promise<(Revision | undefined)[]> {
  const request = { database: root, writes: writes.map((write) => toProto(root, write)) };
  const headers = { 'google-cloud-resource-prefix': root };
  const giveUpAt = performance.now() + deadline;
  for (let attempt = 1; ; attempt++) {
    const timeout = Math.max(1, Math.ceil(giveUpAt - performance.now()));
    try {
      const [answer] = await rpc.commit(request, { timeout, retry: { retryCodes: [] }, otherArgs: { headers } });
      const { writeResults } = answer;
      return writes.map(({ op }, index) =>
        op === 'delete' ? undefined : toRevision(writeResults?.[index]?.updateTime),
      );
    } catch (error) {
      if (codeOf(error) !== status.aborted || attempt === contentionAttempts) throw explain(error);
    }
    await sleep(Math.random() * 20 * 2 ** attempt);
  }
}

const contentionAttempts = 5;

/** gRPC's codes, https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const status = {
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  failedPrecondition: 9,
  aborted: 10,
  unimplemented: 12,
  unauthenticated: 16,
} as const;

const lostPrecondition: readonly unknown[] = [status.notFound, status.alreadyExists, status.failedPrecondition];
const neverLookedAt: readonly unknown[] = [
  status.invalidArgument,
  status.permissionDenied,
  status.unimplemented,
  status.unauthenticated,
];

function explain(error: unknown): unknown {
  const code = codeOf(error);
  if (lostPrecondition.includes(code))
    return new WriteConflict('A precondition of the commit was lost.', { cause: error });
  if (neverLookedAt.includes(code)) return error;
  return new WriteUncertain('It is not known whether the commit was applied.', { cause: error });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** An update without a mask replaces the whole document (google.firestore.v1.Write). */
function toProto(root: string, write: Write) {
  const name = `${root}/documents/${documentPath(write.path)}`;
  const currentDocument = precondition(write);
  const change = write.op === 'delete' ? { delete: name } : { update: { name, fields: encodeFields(write.data) } };
  return currentDocument ? { ...change, currentDocument } : change;
}

/** An absent revision on a replace would be no precondition at all, so it is refused and not sent. */
function precondition(write: Write) {
  if (write.op === 'create') return { exists: false };
  if (write.op === 'set' || (write.op === 'delete' && write.revision === undefined)) return undefined;
  return { updateTime: toTimestamp(write.revision) };
}

/** Undefined where the server did not say: then it must be read. */
function toRevision(time: { seconds?: unknown; nanos?: number | null } | null | undefined): Revision | undefined {
  if (!time || time.seconds === undefined || time.seconds === null) return undefined;
  return revisionOf(String(time.seconds), time.nanos ?? 0);
}

export function revisionOf(seconds: number | string, nanoseconds: number): Revision {
  return `${seconds}.${String(nanoseconds).padStart(9, '0')}` as Revision;
}

function toTimestamp(revision: Revision | undefined) {
  const [, seconds, nanos] = /^(\d+)\.(\d{9})$/.exec(revision ?? '') ?? [];
  if (seconds === undefined || nanos === undefined) throw new TypeError('A write needs the revision of a read.');
  return { seconds, nanos: Number(nanos) };
}

function documentPath(path: string): string {
  const segments = path.split('/');
  if (segments.length % 2 !== 0 || segments.includes('')) throw new TypeError(`Not the path of a document: ${path}`);
  return path;
}
