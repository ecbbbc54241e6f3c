import type { TableRow } from '../../src/audit/audit.ts';
import type { Approval, Person } from '../../src/model/approval.ts';
import type { AuditEvent, EventType } from '../../src/model/audit-event.ts';
import type { Passage } from '../../src/model/call.ts';
import { canonicalJson, sha256 } from '../../src/model/canonical.ts';
import { type CheckpointBody, checkpointId, rootOf } from '../../src/model/checkpoint.ts';
import type { Identity } from '../../src/model/identity.ts';
import type { PolicyChange, PolicyChangeEnd } from '../../src/model/policy-change.ts';
import { Problem } from '../../src/model/problem.ts';
import { aPassage, aTrail, eventOf, type Trail } from '../audit/trail.ts';

/**
 * A trail whose answers are known: written by the trail's own writer, with everything planted in it that the questions are
 * there to find, and honest operations beside each. All names of what is planted say what it is.
 */
export type KnownData = {
  events: TableRow[];
  checkpoints: Record<string, unknown>[];
  target_records: Record<string, unknown>[];
  leavers: Record<string, unknown>[];
};

/** The documents were made on the 5th; everything else is of the 10th. */
export const day = { from: new Date('2026-01-10T00:00:00Z'), to: new Date('2026-01-11T00:00:00Z') };
export const setUp = { from: new Date('2026-01-05T00:00:00Z'), to: new Date('2026-01-06T00:00:00Z') };

export const bot = 'serviceAccount:bot@p.iam.gserviceaccount.com';
export const orphan = 'serviceAccount:orphan@p.iam.gserviceaccount.com';
export const forgotten = 'serviceAccount:forgotten@p.iam.gserviceaccount.com';
export const stray = 'serviceAccount:stray@p.iam.gserviceaccount.com';
export const [admin, dba, second, owner, gone, left] = ['admin', 'dba', 'second', 'owner', 'gone', 'left'].map(
  (name) => `user:${name}@example.com`,
) as [string, string, string, string, string, string];

const secret = 'projects/p/secrets/crm';
const secretVersion = (number: number) => `projects/4711/secrets/crm/versions/${number}`;

type Kind = Identity['kind'];

function identityOf(member: string, kind: Kind): Identity {
  const email = member.slice(member.indexOf(':') + 1);
  const issuer = 'https://idp.example';
  const rest = { memberships: [], groups: [], claims: {}, tokenDigest: '', expiresAt: 0 };
  return { issuer, subject: email, email, member, kind, ...rest };
}

const caller = (member: string, groups: readonly string[] = [], kind: Kind = 'agent'): Partial<Passage> => ({
  identity: identityOf(member, kind),
  groups,
});
const human = (member: string, groups: readonly string[] = ['dba']) => caller(member, groups, 'human');

function personOf(member: string): Person {
  const { issuer, subject, email = '' } = identityOf(member, 'agent');
  return { issuer, subject, member, email, groups: [] };
}

function anApproval(id: string, requestedAt: Date, digest = sha256(id)): Approval {
  return {
    id,
    state: 'approved',
    digest,
    bound: '',
    operation: `op_${id}`,
    requester: personOf(bot),
    connection: 'crm',
    policy_version: 'v2',
    kind: 'postgres',
    verb: 'delete',
    risks: [],
    resources: ['public.users'],
    estimates: {},
    agent: { attested: false },
    requirements: [],
    decisions: [],
    requested_at: requestedAt.toISOString(),
    expires_at: new Date(requestedAt.getTime() + 1_800_000).toISOString(),
  };
}

type Content = Record<string, unknown> | null;

let changes = 0;

function aChange(kind: PolicyChange['kind'], name: string, before: Content, after: Content): PolicyChange {
  changes += 1;
  return {
    id: `pc_${changes}`,
    kind,
    name,
    change: after === null ? 'removed' : before === null ? 'created' : 'changed',
    source: 'console',
    before,
    after,
    before_sha256: before && sha256(canonicalJson(before)),
    after_sha256: after && sha256(canonicalJson(after)),
    omitted: false,
    etag_before: null,
    written_at: null,
    policy_version_before: `v${changes - 1}`,
    policy_version: `v${changes}`,
    approver: null,
  };
}

/** Tells the trail of calls in the words of this story. */
function storyOf(trail: Trail, audit: Trail['audit']) {
  const { operation, decision } = aPassage();
  if (!operation || !decision) throw new Error('A passage has both.');
  type More = Partial<Passage> & { decided?: Partial<typeof decision>; does?: Partial<typeof operation> };

  const passage = (id: string, { decided, does, ...more }: More = {}): Passage =>
    aPassage({
      ...caller(bot, ['analysts']),
      operationId: `op_${id}`,
      session: 'morning',
      agent: { name: 'reporter', version: '1.0', model: 'gemini-3-pro', attested: false },
      operation: { ...operation, ...does },
      decision: { ...decision, policyVersion: 'v2', ...decided },
      ...more,
    });
  const credential = { secret, version: secretVersion(2) };

  return {
    passage,
    async run(id: string, more: More = {}, outcome: object = {}) {
      const intent = await audit.intend(passage(id, more));
      await intent.complete({ type: 'completed', rows: 3, credential, ...outcome });
    },
    refuse: (id: string, type: 'denied' | 'refused', problem: Problem, more: More = {}) =>
      audit.note(type, passage(id, { ...more, problem })),
    hold: (id: string, digest?: string, more: More = {}) =>
      audit.note('held', passage(id, { approval: anApproval(id, trail.clock.now(), digest), ...more })),
    expire: (id: string) => audit.note('expired', passage(id, { approval: anApproval(id, trail.clock.now()) })),
    approve: (id: string, by: Partial<Passage>, digest?: string) =>
      audit.note('approved', { ...by, operationId: `op_${id}`, approval: anApproval(id, trail.clock.now(), digest) }),
    approved: (id: string) => ({
      approval: anApproval(id, trail.clock.now()),
      does: { verb: 'delete' as const },
      decided: { policies: ['readers', 'deletes'] },
    }),
    change: (by: string, kind: PolicyChange['kind'], name: string, after: Content, before: Content = null) =>
      audit.note('policy_changed', human(by, ['sallyport-admins']), {
        note: JSON.stringify(aChange(kind, name, before, after)),
      }),
    /** Recorded and not made. */
    async attempt(by: string, kind: PolicyChange['kind'], name: string, after: Content) {
      const change = aChange(kind, name, null, after);
      const end: PolicyChangeEnd = { id: change.id, kind, name, outcome: 'not made', code: 'precondition-failed' };
      for (const note of [change, end]) await audit.note('policy_changed', human(by), { note: JSON.stringify(note) });
    },
  };
}

const readers = {
  principals: ['group:analysts'],
  connections: ['crm'],
  verbs: ['read', 'delete'],
  effect: 'allow',
  unmask: [],
};
const deletes = {
  principals: ['*'],
  connections: ['*'],
  verbs: ['delete'],
  effect: 'guard',
  approval: { approvers: ['group:dba'] },
};
const dbas = { members: [dba, second, gone, owner] };

async function makeDocuments(trail: Trail) {
  const audit = trail.another('console-1');
  await audit.open();
  const { change, attempt } = storyOf(trail, audit);
  const next = () => trail.clock.advance(60_000);
  await change(admin, 'policies', 'readers', readers);
  next();
  await change(admin, 'policies', 'deletes', deletes);
  await change(admin, 'groups', 'analysts', { members: [bot, orphan] });
  await change(admin, 'groups', 'dba', dbas);
  await change(admin, 'agents', 'reporter', { member: bot, owner, description: 'weekly figures' });
  await change(admin, 'agents', 'orphan', { member: orphan, owner: gone });
  await change(admin, 'agents', 'forgotten', { member: forgotten, owner: left, disabled: true });
  next();
  // It could not be made, and is none.
  await attempt(admin, 'policies', 'everything', { ...readers, verbs: ['*'] });
  next();
  await change(admin, 'policies', 'temporary', readers);
  next();
  await change(admin, 'policies', 'temporary', null, readers);
  await audit.close();
}

/** Calls as they should be, and refusals as there are on any day. */
async function honestMorning(trail: Trail, audit: Trail['audit']) {
  const { run, refuse, hold, approve, approved } = storyOf(trail, audit);
  const next = () => trail.clock.advance(20_000);
  await run('read');
  await run('read-again', { session: 'noon' });
  next();
  await hold('honest');
  next();
  await approve('honest', human(dba));
  next();
  await run('honest', approved('honest'), { rows: 0, affected: 1 });
  await refuse('no-grant', 'denied', new Problem('denied', { reason: 'no-grant' }), { decided: { effect: 'deny' } });
  await refuse('unprovable', 'denied', new Problem('masking-unprovable', { reason: 'R7' }));
  next();
  await run(
    'new-model',
    { agent: { name: 'reporter', version: '1.1', model: 'gemini-3-flash', attested: true } },
    { findings: [{ class: 'IBAN_CODE', count: 2 }], truncated: true },
  );
  await run('stray', { ...caller(stray), agent: { name: 'stray', attested: false } });
}

/** One approval of each kind that should not be. */
async function badApprovals(trail: Trail, audit: Trail['audit']) {
  const { run, hold, approve, approved, expire, change } = storyOf(trail, audit);
  const next = () => trail.clock.advance(20_000);
  const ids = [
    'self',
    'self-by-address',
    'bot',
    'owner',
    'double',
    'other-digest',
    'after',
    'twice',
    'unasked',
    'expired',
  ];
  for (const id of ids) await hold(id);
  next();
  await approve('self', caller(bot, ['dba']));
  await approve('self-by-address', human('user:BOT@p.iam.gserviceaccount.com'));
  await approve('bot', caller('serviceAccount:ci@p.iam.gserviceaccount.com', ['dba']));
  await approve('owner', human(owner));
  await approve('double', human(dba));
  await approve('double', human(dba));
  await approve('other-digest', human(dba), sha256('something else'));
  await approve('twice', human(dba));
  await approve('expired', human(dba));
  next();
  await expire('expired');
  next();
  for (const id of [...ids, 'twice']) await run(id, approved(id), { rows: 0, affected: 1 });
  next();
  await approve('after', human(dba));

  await change(second, 'policies', 'deletes', { ...deletes, approval: { approvers: ['group:dba', second] } }, deletes);
  next();
  await hold('policy-author', undefined, { decided: { policies: ['readers', 'deletes'] } });
  await approve('policy-author', human(second));
  await run('policy-author', approved('policy-author'), { rows: 0, affected: 1 });
  await change(admin, 'groups', 'dba', { members: [dba, second, owner, admin] }, dbas);
  next();
  await hold('own-group');
  await approve('own-group', human(admin, ['dba', 'sallyport-admins']));
  await run('own-group', approved('own-group'), { rows: 0, affected: 1 });
}

/** Agents whose owner is gone, and data in the clear. */
async function whatWasShown(trail: Trail, audit: Trail['audit']) {
  const { run } = storyOf(trail, audit);
  trail.clock.advance(20_000);
  await run('owner-gone', { ...caller(orphan, ['analysts']), agent: { name: 'orphan', attested: false } });
  await run('owner-left', { ...caller(forgotten, ['analysts']), agent: { name: 'forgotten', attested: false } });
  await run('exempt', { decided: { unmask: ['EMAIL_ADDRESS'] } });
  await run('in-the-clear', { does: { masks: [] } });
  await run('nothing-shown', { decided: { unmask: ['EMAIL_ADDRESS'] } }, { rows: 0 });
  trail.clock.advance(90_000);
  await run('stale', { decided: { policyVersion: 'v1' } });
  await run('fresh');
}

/** Alerts answered in time, late and never; guards that were lifted; access that was reviewed. */
async function oversight(trail: Trail, audit: Trail['audit']) {
  const { run, passage, change } = storyOf(trail, audit);
  const note = (type: EventType, by: Partial<Passage>, said: object) =>
    audit.note(type, by, { note: JSON.stringify(said) });
  const raise = (alert: string, member: string | null = null) =>
    note(
      'alert_raised',
      { operationId: `op_${alert}` },
      { alert, kind: 'break-glass', severity: 'medium', detail: alert, member },
    );
  const answered = { kind: 'break-glass', severity: 'medium', raised_at: '2026-01-10T09:00:00.000Z' };
  const answer = (type: 'alert_acknowledged' | 'alert_closed', alert: string, by: string) =>
    note(type, human(by), { alert, ...answered, reason: 'looked at it' });
  const lifted = { decided: { overridden: ['guard-bulk'] } };

  for (const id of ['glass-reviewed', 'glass-not-reviewed']) {
    const said = { alert: id, overridden: ['guard-bulk'], policies: ['readers'], reason: 'an incident' };
    await note('break_glass', passage(id), said);
    await raise(id, bot);
    await run(id, lifted);
  }
  await run('glass-untold', lifted);
  await raise('own', dba);
  trail.clock.advance(20_000);
  await answer('alert_acknowledged', 'glass-reviewed', dba);
  trail.clock.advance(100_000);
  await answer('alert_closed', 'glass-reviewed', dba);
  await answer('alert_closed', 'own', dba);

  const review = (kind: string, name: string, member: string | null, decision: 'keep' | 'revoke', by: string) =>
    note('access_reviewed', human(by), { kind, name, member, decision, reason: 'quarterly', etag: '"1"', access: {} });
  await review('groups', 'dba', dba, 'keep', admin);
  await review('groups', 'dba', second, 'keep', second);
  await review('groups', 'dba', admin, 'revoke', dba);
  await review('agents', 'orphan', null, 'revoke', admin);
  const auditor = human(second, ['sallyport-auditors']);
  await note('evidence_exported', auditor, { name: 'approvals' });
  await note('console_access', auditor, { read: 'recording', operation: 'op_read' });
  await note('console_access', auditor, { method: 'GET', path: '/approvals' });
  trail.clock.advance(20_000);
  await change(admin, 'groups', 'dba', { members: [dba, second, owner] }, { members: [dba, second, owner, admin] });
}

/** An instance that dies while it runs something, and one that comes back with the outcome after all. */
async function killed(trail: Trail) {
  const dying = trail.another('dying');
  await dying.open();
  const { passage } = storyOf(trail, dying);
  await dying.intend(passage('lost'));
  const late = await dying.intend(passage('late'));
  trail.clock.advance(600_000);
  const keeper = trail.another('keeper');
  await keeper.open();
  await keeper.sweep();
  await late.complete({ type: 'completed', rows: 1 });
  trail.clock.advance(600_000);
  await keeper.sweep();
  await keeper.close();
  return dying;
}

/** The trail as it was written. */
async function written(): Promise<TableRow[]> {
  const trail = aTrail();
  await makeDocuments(trail);
  trail.clock.advance(Date.parse('2026-01-10T09:00:00Z') - trail.clock.now().getTime());
  const audit = trail.another('gateway-1');
  await audit.open();
  await honestMorning(trail, audit);
  await badApprovals(trail, audit);
  await whatWasShown(trail, audit);
  await oversight(trail, audit);
  for (const id of ['tampered', 'removed', 'without-outcome']) await storyOf(trail, audit).run(id);
  await audit.close();
  await killed(trail);
  await anInstance(trail, 'cut-short', 'second-instance');
  trail.clock.advance(Date.parse('2026-01-10T18:00:00Z') - trail.clock.now().getTime());
  await anInstance(trail, 'gateway-3', 'evening');
  return [...trail.table.rows];
}

async function anInstance(trail: Trail, name: string, id: string) {
  const audit = trail.another(name);
  await audit.open();
  await storyOf(trail, audit).run(id);
  await audit.close();
}

export async function knownData(): Promise<KnownData> {
  changes = 0;
  const rows = await written();
  const events = rows.map(({ json }) => eventOf(json));
  const checkpoints = checkpointsOver(events);
  const kept = rows.filter(({ json }) => !isPlantedGap(eventOf(json))).map(tampered);
  return {
    events: [...kept, ...kept.slice(0, 20).map((row, index) => ({ ...row, insertId: `again ${index}` })), forged(kept)],
    checkpoints,
    target_records: targetRecordsOf(events),
    leavers: [{ member: left, left_at: '2026-01-08T00:00:00.000Z', source: 'register of people' }],
  };
}

/** Two outcomes in the middle of a chain, and the end of another chain. */
const isPlantedGap = ({ operation, phase, type, gateway }: AuditEvent) =>
  ((operation === 'op_removed' || operation === 'op_without-outcome') && phase === 'outcome') ||
  (type === 'chain_closed' && gateway.instance === 'cut-short');

/** One outcome says something else than it did, and has the hash of what it says now. */
function tampered({ insertId, json }: TableRow): TableRow {
  if (json['operation'] !== 'op_tampered' || json['phase'] !== 'outcome') return { insertId, json };
  const { hash: _, ...said } = eventOf({ ...json, note: 'nothing happened' });
  return { insertId, json: { ...json, note: said.note, hash: sha256(canonicalJson(said)) } };
}

/** A second content for the place of an honest event. */
function forged(rows: readonly TableRow[]): TableRow {
  const row = rows.find(({ json }) => json['operation'] === 'op_read' && json['phase'] === 'outcome');
  if (!row) throw new Error('The row is there.');
  return { insertId: 'forged', json: { ...row.json, hash: 'f'.repeat(64), statement: 'SELECT 1' } };
}

/** One a minute, unsigned, over all heads; the 7th is missing, and none came between morning and evening. */
function checkpointsOver(events: readonly AuditEvent[]): Record<string, unknown>[] {
  const today = events.filter(({ time }) => Date.parse(time) >= day.from.getTime());
  const moments = [
    ...Array.from({ length: 40 }, (_, minute) => Date.parse('2026-01-10T08:59:00Z') + minute * 60_000),
    Date.parse('2026-01-10T18:00:00Z'),
    Date.parse('2026-01-10T18:01:00Z'),
  ];
  const ended = new Set<string>();
  let previous = '0'.repeat(64);
  const rows = moments.map((moment, number) => {
    const before = today.filter(({ time }) => Date.parse(time) <= moment);
    const last = new Map(before.toSorted((a, b) => a.seq - b.seq).map((event) => [event.chain, event]));
    const heads = [...last.values()]
      .filter(({ chain }) => !ended.has(chain))
      .map(({ chain, seq, hash, time, type }) => {
        const isOver = type === 'chain_closed' || Date.parse(time) < moment - 20 * 60_000;
        return { chain, seq, hash, closed: isOver };
      });
    for (const head of heads) if (head.closed) ended.add(head.chain);
    const time = new Date(moment).toISOString();
    const body: CheckpointBody = {
      type: 'sallyport-checkpoint',
      version: 1,
      number,
      time,
      keeper: 'keeper',
      previous,
      root: rootOf(heads),
      heads: heads.length,
      events: before.length,
      retained_from: null,
      recordings_from: null,
    };
    const text = canonicalJson(body);
    previous = sha256(text);
    const unsigned = {
      keeper: 'keeper',
      hash: previous,
      body: text,
      heads: canonicalJson(heads),
      signature: '',
      key: '',
    };
    return { checkpoint: checkpointId(number), number, time, ...unsigned };
  });
  return rows.filter(({ number }) => number !== 7);
}

/** What the targets saw: each operation that ran, what the gateway read beforehand, and what went past the gateway. */
function targetRecordsOf(events: readonly AuditEvent[]): Record<string, unknown>[] {
  const ran = events.filter(({ phase, type }) => phase === 'outcome' && type === 'completed');
  const unseen = new Set(['op_exempt']);
  const record = (record_id: string, more: Record<string, unknown>) => ({
    source: 'postgres_log',
    connection: 'crm',
    principal: 'crm_gateway',
    operation: null,
    record_id,
    resource: 'crm',
    action: 'SELECT',
    detail: null,
    ...more,
  });
  const of = (operation: string) => {
    const found = ran.find((event) => event.operation === operation);
    if (!found) throw new Error(`${operation} ran.`);
    return found.time;
  };
  const later = (time: string, minutes: number) => new Date(Date.parse(time) + minutes * 60_000).toISOString();
  const own = ran
    .filter(({ operation }) => !unseen.has(operation ?? ''))
    .map(({ operation, time, event_id }) => record(`log-${event_id}`, { time, operation }));
  return [
    ...own,
    ...own.slice(0, 5),
    record('log-inspect', { time: of('op_read'), operation: 'op_no-grant' }),
    record('log-bypass', {
      time: later(of('op_read'), 1),
      action: 'DELETE',
      principal: 'crm_gateway',
      detail: 'DELETE FROM users',
    }),
    record('log-forged', { time: of('op_read'), operation: 'op_never-was', action: 'UPDATE' }),
    record('log-reused', { time: later(of('op_honest'), 10), operation: 'op_honest', action: 'DELETE' }),
    record('log-elsewhere', { time: of('op_honest'), operation: 'op_honest', action: 'DELETE', connection: 'billing' }),
    record('log-denied', { time: of('op_honest'), operation: 'op_no-grant', action: 'DELETE' }),
    {
      ...record('made-2', { time: '2025-12-31T00:00:00.000Z' }),
      source: 'secret_manager',
      connection: null,
      action: 'AddSecretVersion',
      resource: 'projects/p/secrets/crm/versions/2',
    },
    {
      ...record('read-2', { time: of('op_read') }),
      source: 'secret_manager',
      connection: null,
      principal: 'gateway@p.iam.gserviceaccount.com',
      action: 'AccessSecretVersion',
      resource: 'projects/4711/secrets/crm/versions/2',
    },
    {
      ...record('read-alone', { time: '2026-01-10T20:00:00.000Z' }),
      source: 'secret_manager',
      connection: null,
      principal: 'mallory@example.com',
      action: 'AccessSecretVersion',
      resource: 'projects/4711/secrets/crm/versions/2',
    },
    {
      ...record('audit-read', { time: '2026-01-10T12:00:00.000Z' }),
      source: 'audit_table',
      connection: null,
      principal: 'auditor@example.com',
      action: 'read',
      resource: 'sallyport_audit.events',
    },
    {
      ...record('audit-delete', { time: '2026-01-10T12:05:00.000Z' }),
      source: 'audit_table',
      connection: null,
      principal: 'mallory@example.com',
      action: 'DELETE',
      resource: 'sallyport_audit.events',
    },
  ];
}
