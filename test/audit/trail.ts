import { type Audit, type AuditDeps, createAudit, type TableRow } from '../../src/audit/audit.ts';
import { sealFound } from '../../src/masking/masking.ts';
import { type AuditEvent, auditEventSchema } from '../../src/model/audit-event.ts';
import { begin, type Call, type Passage } from '../../src/model/call.ts';
import { canonicalJson, sha256 } from '../../src/model/canonical.ts';
import type { Logger } from '../../src/platform/logger.ts';
import { createFakeStore, type FakeStore } from '../fakes/store.ts';

/** A trail over a fake store and a fake table, with short times. */
export type Trail = {
  audit: Audit;
  store: FakeStore;
  table: FakeTable;
  alerts: string[];
  log: Logger;
  clock: { now(): Date; advance(milliseconds: number): void };
  /** Another instance on the same store and table. */
  another(name: string, deps?: Partial<AuditDeps>): Audit;
};

type FakeTable = {
  /** Of the table of events. */
  rows: TableRow[];
  /** Of the table `recordings`. */
  recordings: TableRow[];
  of(table: string): TableRow[];
  /** What the next requests answer instead. */
  failures: ((rows: readonly TableRow[]) => { index: number; reason: string }[])[];
  events(): AuditEvent[];
  append: AuditDeps['append'];
};

const aSeal = (name: string, text: string) => `«${name}:${sha256(`key ${text}`).slice(0, 16)}»`;

export const quick = {
  patience: 300,
  outcomePatience: 300,
  drain: 2000,
  pause: [1, 5],
  shippingPause: [1, 5],
  linger: 1,
} as const;

export function aTrail(deps: Partial<AuditDeps> = {}): Trail {
  const store = createFakeStore();
  const table = aTable();
  const alerts: string[] = [];
  const log = aLog(alerts);
  let now = Date.UTC(2026, 0, 5, 9);
  const clock = {
    now: () => new Date(now),
    advance(milliseconds: number) {
      now += milliseconds;
    },
  };
  let ids = 0;
  const another = (instance: string, more: Partial<AuditDeps> = {}) =>
    createAudit({
      store,
      clock,
      ids: (prefix) => `${prefix}_${String(++ids).padStart(6, '0')}`,
      log,
      gateway: { role: 'gateway', revision: 'r1', instance, version: '0.1.0', image_digest: null },
      append: table.append,
      seal: aSeal,
      conceal: (text) => sealFound(text, aSeal),
      timing: quick,
      ...deps,
      ...more,
    });
  return { audit: another('first'), store, table, alerts, log, clock, another };
}

function aTable(): FakeTable {
  const tables = new Map<string, TableRow[]>();
  const of = (table: string) => {
    const rows = tables.get(table) ?? [];
    tables.set(table, rows);
    return rows;
  };
  const rows = of('events');
  const failures: FakeTable['failures'] = [];
  return {
    rows,
    recordings: of('recordings'),
    of,
    failures,
    /** What the views show: each row once. */
    events: () => [...new Map(rows.map(({ insertId, json }) => [insertId, eventOf(json)])).values()],
    async append(table, sent) {
      const failed = failures.shift()?.(sent) ?? [];
      const taken = sent.filter((_, index) => !failed.some((failure) => failure.index === index));
      // As BigQuery gets them.
      of(table).push(
        ...taken.map((row) => ({ ...row, json: row.text === undefined ? row.json : JSON.parse(String(row.text)) })),
      );
      return failed;
    },
  };
}

export function eventOf({ principal_member: _, ...event }: Record<string, unknown>): AuditEvent {
  return auditEventSchema.parse(event);
}

function aLog(alerts: string[]): Logger {
  const silent = () => {};
  return { debug: silent, info: silent, warn: silent, error: silent, alert: (_, message) => void alerts.push(message) };
}

/** What is wrong with the chains of these events: gaps, forks, links that do not hold. Empty when nothing is. */
export function faultsOf(events: readonly AuditEvent[]): string[] {
  const chains = Map.groupBy(events, ({ chain }) => chain);
  return [...chains.values()].flatMap((links) => {
    links.sort((a, b) => a.seq - b.seq);
    let previous = '0'.repeat(64);
    return links.flatMap((link, index) => {
      const { hash, ...rest } = link;
      const faults = [
        link.seq !== index && `${link.chain}: ${link.seq} stands in place ${index}`,
        link.prev_hash !== previous && `${link.chain}: ${link.seq} does not follow`,
        sha256(canonicalJson(rest)) !== hash && `${link.chain}: ${link.seq} was changed`,
      ];
      previous = hash;
      return faults.filter((fault) => fault !== false);
    });
  });
}

export function aPassage(more: Partial<Passage> = {}): Passage {
  const call: Call = {
    presented: { bearer: 'eyJ.secret-token.sig' },
    connection: 'crm',
    request: { statement: "SELECT 'secret-request'" },
    agent: { name: 'bot' },
    limits: {},
    dryRun: false,
    wait: 0,
    signal: new AbortController().signal,
  };
  return {
    ...begin(call, 'op_1', new Date(0)),
    identity: {
      issuer: 'https://issuer.example',
      subject: '1234',
      member: 'serviceAccount:bot@p.iam.gserviceaccount.com',
      memberships: [],
      groups: ['analysts'],
      kind: 'agent',
      claims: { secret: 'secret-claim' },
      tokenDigest: 'secret-digest',
      expiresAt: 0,
    },
    operation: {
      kind: 'postgres',
      verb: 'read',
      risks: ['bulk'],
      resources: ['public.users'],
      classes: ['EMAIL_ADDRESS'],
      statement: "SELECT * FROM users WHERE email = 'secret@literal.example'",
      parameters: ['secret-parameter'],
      recorded: { statement: 'SELECT * FROM users WHERE email = «EMAIL_ADDRESS:ab»', parameters: ['«p»'] },
      masks: [{ resource: 'public.users.email', class: 'EMAIL_ADDRESS', transform: 'token' }],
      protection: 'proven',
      warnings: [],
      estimates: {},
      plan: { text: 'secret-plan' },
    },
    decision: {
      effect: 'allow',
      policies: ['readers'],
      policyVersion: 'v1',
      approvals: [],
      unmask: [],
      limits: {},
      overridden: [],
    },
    ...more,
  };
}

/** What the view of recordings shows, each chunk once, in order. */
export function chunksOf({ table }: Trail) {
  const rows = [...new Map(table.recordings.map(({ insertId, json }) => [insertId, json])).values()];
  return rows
    .map(
      (row): Record<string, unknown> => ({ ...row, content: Buffer.from(String(row['content']), 'base64').toString() }),
    )
    .sort((a, b) => Number(a['chunk']) - Number(b['chunk']));
}

export const textOf = (trail: Trail) =>
  chunksOf(trail)
    .map(({ content }) => content)
    .join('');
