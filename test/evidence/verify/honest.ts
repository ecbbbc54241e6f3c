import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { signDecision } from '../../../src/approvals/signing.ts';
import type { Audit, TableRow } from '../../../src/audit/audit.ts';
import { type Report, type VerifyOptions, verifyTrail } from '../../../src/evidence/evidence.ts';
import type { Approval, ApprovalNote, Person } from '../../../src/model/approval.ts';
import type { AuditEvent } from '../../../src/model/audit-event.ts';
import type { Passage } from '../../../src/model/call.ts';
import { canonicalJson } from '../../../src/model/canonical.ts';
import { type ChainHead, type Checkpoint, checkpointOf, noCheckpoint, rootOf } from '../../../src/model/checkpoint.ts';
import { Problem } from '../../../src/model/problem.ts';
import type { Store } from '../../../src/platform/store.ts';
import { aPassage, aTrail, quick, type Trail } from '../../audit/trail.ts';

/** A trail as it was written: events by chain and place, checkpoints by number, recordings by event and chunk. */
export type Honest = { events: AuditEvent[]; checkpoints: Checkpoint[]; recordings: Recorded[] };
type Recorded = Record<string, string | number | null>;

export type SigningKey = { version: string; privateKey: KeyObject; pem: string };

function aKey(version: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { version, privateKey, pem: String(publicKey.export({ type: 'spki', format: 'pem' })) };
}

export const keys = {
  checkpoint: aKey('keys/checkpoints/1'),
  approval: aKey('keys/decisions/1'),
  strange: aKey('keys/checkpoints/1'),
};

export const signedBy = (key: SigningKey, text: string) =>
  sign('sha256', Buffer.from(text), key.privateKey).toString('base64');

const consoleSigner = {
  keyVersion: keys.approval.version,
  sign: (text: string) => Promise.resolve(signedBy(keys.approval, text)),
};

/** Signs what it is told: the body is made from heads and from the checkpoint before. */
export function aCheckpoint(
  heads: readonly ChainHead[],
  {
    before,
    time,
    events,
    retainedFrom = null,
    recordingsFrom = null,
  }: {
    before: Checkpoint | undefined;
    time: Date;
    events: number;
    retainedFrom?: string | null;
    recordingsFrom?: string | null;
  },
  key = keys.checkpoint,
): Checkpoint {
  const made = checkpointOf(
    {
      type: 'sallyport-checkpoint',
      version: 1,
      number: before ? before.number + 1 : 0,
      time: time.toISOString(),
      keeper: 'keeper-1',
      previous: before?.hash ?? noCheckpoint,
      root: rootOf(heads),
      heads: heads.length,
      events,
      retained_from: retainedFrom,
      recordings_from: recordingsFrom,
    },
    heads,
  );
  return { ...made, signature: signedBy(key, made.body), key: key.version };
}

/** Looks at the table every so often and signs what is there. */
function aNotary(trail: Pick<Trail, 'table' | 'clock'>) {
  const checkpoints: Checkpoint[] = [];
  const done = new Set<string>();
  return {
    checkpoints,
    /** `closed`: chains to which nothing more will be written. */
    sign(closed: readonly string[] = [], retainedFrom: string | null = null) {
      const chains = Map.groupBy(trail.table.events(), ({ chain }) => chain);
      const heads = [...chains].flatMap(([chain, links]): ChainHead[] => {
        if (done.has(chain)) return [];
        const last = links.reduce((one, other) => (other.seq > one.seq ? other : one));
        return [{ chain, seq: last.seq, hash: last.hash, closed: closed.includes(chain) }];
      });
      for (const chain of closed) done.add(chain);
      const events = [...chains.values()].reduce((sum, links) => sum + Math.max(...links.map(({ seq }) => seq)) + 1, 0);
      checkpoints.push(
        aCheckpoint(heads, { before: checkpoints.at(-1), time: trail.clock.now(), events, retainedFrom }),
      );
    },
  };
}

const bot = 'serviceAccount:bot@p.iam.gserviceaccount.com';
const person = (member: string): Person => ({
  issuer: 'https://idp.example',
  subject: member,
  member,
  groups: ['dba'],
});

const human = (member: string): Partial<Passage> => ({
  identity: {
    ...{ issuer: 'https://idp.example', subject: member, member, groups: ['dba'], kind: 'human' },
    ...{ memberships: [], claims: {}, tokenDigest: '', expiresAt: 0 },
  },
});

async function anApproval(id: string, approvers: readonly string[], now: Date): Promise<Approval> {
  const digest = `${id}-digest`;
  const decisions = await Promise.all(
    approvers.map((member) =>
      signDecision(consoleSigner, {
        ...{ approval: id, digest, decision: 'approve', reason: 'It is due.' },
        approver: person(member),
        decided_at: now.toISOString(),
      }),
    ),
  );
  return {
    ...{ id, state: 'approved', digest, bound: '', operation: `op_${id}`, requester: person(bot), connection: 'crm' },
    ...{ policy_version: 'v1', kind: 'postgres', verb: 'delete', risks: [], resources: [], estimates: {} },
    ...{ agent: { attested: false }, requirements: [], decisions },
    requested_at: now.toISOString(),
    expires_at: new Date(now.getTime() + 3_600_000).toISOString(),
    decided_at: now.toISOString(),
  };
}

/** Each human's yes as the console notes it. */
async function approve(console: Audit, approval: Approval) {
  for (const [index, decision] of approval.decisions.entries()) {
    const so_far = { ...approval, decisions: approval.decisions.slice(0, index + 1) };
    const note: ApprovalNote = { decision, more: index + 1 < approval.decisions.length };
    await console.note(
      'approved',
      { ...human(decision.approver.member), approval: so_far },
      { note: canonicalJson(note) },
    );
  }
}

/** A store that an instance loses when it is killed: nothing it does has an effect any more. */
function mortal(store: Store) {
  let dead = false;
  const never = new Promise<never>(() => {});
  const guarded: Store = {
    ...store,
    get: (path) => (dead ? never : store.get(path)),
    query: (query) => (dead ? never : store.query(query)),
    commit: (writes) => (dead ? never : store.commit(writes)),
  };
  return {
    store: guarded,
    kill() {
      dead = true;
    },
  };
}

const minute = 60_000;

/**
 * A morning of two gateways, a console and a keeper, written by the writer itself: reads, refusals that were sampled, approvals by
 * one and by two, a session in several chunks, an instance that was killed in the middle of one, whose end nobody knows, and one whose
 * outcome came late.
 */
export async function anHonestTrail({
  calls = 4,
  ended = true,
}: {
  calls?: number;
  ended?: boolean;
} = {}): Promise<Honest> {
  const trail = aTrail({ timing: { ...quick, tape: 5 } });
  const { clock, store, table } = trail;
  const notary = aNotary(trail);
  const doomed = mortal(store);
  const [gateway, console, keeper] = [trail.audit, trail.another('console'), trail.another('keeper')];
  const second = trail.another('second', { store: doomed.store });
  for (const audit of [gateway, console, keeper, second]) await audit.open();
  const tick = async (milliseconds = minute) => {
    await settled(trail);
    notary.sign();
    clock.advance(milliseconds);
  };
  await tick();

  for (let call = 0; call < calls; call++) {
    await run(gateway, { operationId: `op_read_${call}` });
    clock.advance(1000);
    await run(second, { operationId: `op_second_${call}` });
    await gateway.note(
      'denied',
      aPassage({ operationId: `op_denied_${call}`, problem: new Problem('denied', { reason: 'salaries' }) }),
    );
    await tick();
  }
  for (let refusal = 0; refusal < 25; refusal++)
    await gateway.note('refused', { problem: new Problem('unauthenticated', { reason: 'expired' }) });

  const [one, two] = [
    await anApproval('apr_1', ['user:dba@example.com'], clock.now()),
    await anApproval('apr_2', ['user:dba@example.com', 'user:cto@example.com'], clock.now()),
  ];
  await approve(console, one);
  await approve(console, two);
  clock.advance(1000);
  await run(gateway, { operationId: 'op_apr_1', approval: one });
  await tick();
  await run(second, { operationId: 'op_apr_2', approval: two });

  const session = await aSession(trail, gateway, 'op_session');
  await session.complete({ type: 'completed', status: 0 });
  await tick();

  await aSession(trail, second, 'op_lost');
  await settled(trail);
  doomed.kill();
  await tick(46_000);
  const late = await gateway.intend(aPassage({ operationId: 'op_late' }));
  clock.advance(46_000);
  await keeper.sweep();
  await tick();
  await late.complete({ type: 'completed', rows: 1 });
  await tick();
  if (!ended) await run(gateway, { operationId: 'op_after_the_last_checkpoint' });
  if (ended) {
    for (const audit of [gateway, console, keeper]) await audit.close();
    await settled(trail);
    notary.sign(chainsOf(table.events()));
  }
  await settled(trail);
  return {
    events: inOrder(table.events()),
    checkpoints: notary.checkpoints,
    recordings: recordingsIn(table.recordings),
  };
}

/** Each answer is recorded, that of `op_read_1` in two chunks; that of `op_second_1` returned nothing, so its recording has none. */
async function run(audit: Audit, more: Partial<Passage>) {
  const intent = await audit.intend(aPassage(more));
  if (more.operationId === 'op_second_1') {
    intent.recorder?.begin([]);
    return intent.complete({ type: 'completed', rows: 0, affected: 1 });
  }
  intent.recorder?.begin([{ name: 'id', type: 'int8' }]);
  intent.recorder?.add(Buffer.from('[1]\n'.repeat(more.operationId === 'op_read_1' ? 140_000 : 1)));
  await intent.complete({ type: 'completed', rows: 1 });
}

/** What it says is in three chunks, each durable before the next. */
async function aSession({ store }: Trail, audit: Audit, operationId: string) {
  const intent = await audit.intend(aPassage({ operationId }));
  const { tape, eventId } = intent;
  if (tape === undefined) throw new Error('A session is recorded.');
  const chunks = () =>
    Object.keys(store.contents('tapes')).filter((path) => path.startsWith(`tapes/${eventId}.`)).length;
  tape.open({ terminal: true, command: 'sh' });
  for (const [index, text] of ['$ ', 'ls\r\n', 'bin  etc\r\n'].entries()) {
    tape.entry('o', text);
    for (let turn = 0; chunks() <= index && turn < 400; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return intent;
}

const chainsOf = (events: readonly AuditEvent[]) => [...new Set(events.map(({ chain }) => chain))];

/** Everything that is durable and whole is shipped. */
async function settled({ store }: Trail) {
  const waits = () => Object.values(store.contents('outbox')).some(({ state }) => state === 'done');
  for (let turn = 0; waits() && turn < 400; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Each once, by event and chunk, as the view shows them. */
function recordingsIn(rows: readonly TableRow[]): Recorded[] {
  const textOf = ({ content }: Recorded) => Buffer.from(String(content), 'base64').toString();
  const shown = rows.map(({ insertId, json }) => [insertId, json as Recorded] as const);
  const once = new Map(shown.map(([id, row]) => [id, { ...row, content: textOf(row) }]));
  const keyOf = ({ event_id, chunk }: Recorded) => `${event_id} ${String(chunk).padStart(6, '0')}`;
  return [...once.values()].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

const inOrder = (events: readonly AuditEvent[]) =>
  [...events].sort((one, other) => (one.chain < other.chain ? -1 : one.chain > other.chain ? 1 : one.seq - other.seq));

type Rows = { events: readonly unknown[]; checkpoints: readonly unknown[]; recordings?: readonly unknown[] };

export function verified(
  { events, checkpoints, recordings }: Rows,
  options: Partial<VerifyOptions> = {},
): Promise<Report> {
  return verifyTrail(
    {
      events: streamed(events.map((event) => (typeof event === 'string' ? event : canonicalJson(event)))),
      checkpoints: streamed(checkpoints),
      ...(recordings && { recordings: streamed(recordings) }),
    },
    { keys: { checkpoint: [keys.checkpoint], approval: [keys.approval] }, ordered: true, ...options },
  );
}

async function* streamed<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
