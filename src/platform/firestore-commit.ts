import { setTimeout as sleep } from 'node:timers/promises';
import type { protobufMinimal } from 'google-gax';
import { type ProtoWriter, writeFields, writeTime } from './firestore-values.ts';
import { type Revision, type Write, WriteConflict, WriteUncertain } from './store.ts';
import { CallFailed, type UnaryCalls } from './unary-call.ts';

type CommitContext = {
  calls: Pick<UnaryCalls, 'call'>;
  protobuf: Pick<typeof protobufMinimal, 'Writer' | 'Reader'>;
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
  { calls, protobuf, root, deadline }: CommitContext,
  writes: readonly Write[],
): Promise<(Revision | undefined)[]> {
  const message = requestOf(protobuf.Writer.create(), root, writes);
  // By both Google finds the database: https://cloud.google.com/apis/docs/system-parameters
  const headers = {
    'google-cloud-resource-prefix': root,
    'x-goog-request-params': `database=${encodeURIComponent(root)}`,
  };
  const giveUpAt = performance.now() + deadline;
  for (let attempt = 1; ; attempt++) {
    const left = Math.max(1, Math.ceil(giveUpAt - performance.now()));
    try {
      const answer = await calls.call({
        path: '/google.firestore.v1.Firestore/Commit',
        message,
        headers,
        deadline: left,
      });
      const revisions = revisionsIn(protobuf.Reader.create(answer));
      return writes.map(({ op }, index) => (op === 'delete' ? undefined : revisions[index]));
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

const codeOf = (error: unknown) => (error instanceof CallFailed ? error.code : undefined);

/** Numbers of fields with how they are written: `number << 3 | wire type` (google/firestore/v1/firestore.proto, write.proto, document.proto). */
const request = { database: 10, writes: 18 } as const;
const change = { update: 10, delete: 18, precondition: 34 } as const;
const document = { name: 10, fields: 18 } as const;
const precondition = { exists: 8, updateTime: 18 } as const;
const result = { writes: 10, updateTime: 10 } as const;

function requestOf(to: ProtoWriter, root: string, writes: readonly Write[]): Uint8Array {
  to.uint32(request.database).string(root);
  for (const write of writes) {
    to.uint32(request.writes).fork();
    writeChange(to, root, write);
    to.ldelim();
  }
  return to.finish();
}

/** An update without a mask replaces the whole document (google.firestore.v1.Write). */
function writeChange(to: ProtoWriter, root: string, write: Write) {
  const name = `${root}/documents/${documentPath(write.path)}`;
  if (write.op === 'delete') to.uint32(change.delete).string(name);
  else {
    to.uint32(change.update).fork().uint32(document.name).string(name);
    writeFields(to, document.fields, write.data);
    to.ldelim();
  }
  writePrecondition(to, write);
}

/** An absent revision on a replace would be no precondition at all, so it is refused and not sent. */
function writePrecondition(to: ProtoWriter, write: Write) {
  if (write.op === 'set' || (write.op === 'delete' && write.revision === undefined)) return;
  to.uint32(change.precondition).fork();
  if (write.op === 'create') to.uint32(precondition.exists).bool(false);
  else writeTime(to, precondition.updateTime, timeOf(write.revision));
  to.ldelim();
}

type ProtoReader = ReturnType<typeof protobufMinimal.Reader.create>;

/** Of each write, in order; undefined where the server did not say: then it must be read. */
function revisionsIn(answer: ProtoReader): (Revision | undefined)[] {
  const revisions: (Revision | undefined)[] = [];
  eachField(answer, answer.len, (tag) => {
    if (tag === result.writes) revisions.push(revisionIn(answer));
    else answer.skipType(tag & 7);
  });
  return revisions;
}

function revisionIn(answer: ProtoReader): Revision | undefined {
  let revision: Revision | undefined;
  eachField(answer, answer.uint32() + answer.pos, (tag) => {
    if (tag === result.updateTime) revision = timeIn(answer);
    else answer.skipType(tag & 7);
  });
  return revision;
}

function timeIn(answer: ProtoReader): Revision {
  let [seconds, nanos] = [0, 0];
  eachField(answer, answer.uint32() + answer.pos, (tag) => {
    if (tag === 8) seconds = Number(answer.int64());
    else if (tag === 16) nanos = answer.int32();
    else answer.skipType(tag & 7);
  });
  return revisionOf(seconds, nanos);
}

function eachField(answer: ProtoReader, end: number, read: (tag: number) => void) {
  while (answer.pos < end) read(answer.uint32());
}

export function revisionOf(seconds: number, nanoseconds: number): Revision {
  return `${seconds}.${String(nanoseconds).padStart(9, '0')}` as Revision;
}

function timeOf(revision: Revision | undefined) {
  const [, seconds, nanos] = /^(\d+)\.(\d{9})$/.exec(revision ?? '') ?? [];
  if (seconds === undefined || nanos === undefined) throw new TypeError('A write needs the revision of a read.');
  return { seconds: Number(seconds), nanos: Number(nanos) };
}

function documentPath(path: string): string {
  const segments = path.split('/');
  if (segments.length % 2 !== 0 || segments.includes('')) throw new TypeError(`Not the path of a document: ${path}`);
  return path;
}
