import type { z } from 'zod';
import {
  type Alert,
  type AlertAbout,
  type AlertKind,
  type alertRaisedNote,
  alertSchema,
  severityOf,
} from '../model/alert.ts';
import type { AuditFacts } from '../model/audit-event.ts';
import type { Passage } from '../model/call.ts';
import { sha256 } from '../model/canonical.ts';
import { personOf } from '../model/person.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type Store, type Write, WriteConflict } from '../platform/store.ts';
import { alertPath } from './alerts.ts';

export type NewAlert = {
  kind: AlertKind;
  /** What it is about, exactly: two alerts of one kind and key are one. */
  key: string;
  /** For humans, in the product's own words. */
  detail: string;
};

export type Raising = ReturnType<typeof createRaising>;

export const alertIdOf = ({ kind, key }: Pick<NewAlert, 'kind' | 'key'>) =>
  `alr_${sha256(`${kind}\0${key}`).slice(0, 32)}`;

/** Ids that are remembered, so that what goes on for long asks the store once. */
const remembered = 1000;

/** Raises alerts, each once for all instances: its document is made in the commit of its event. */
export function createRaising(deps: {
  store: Store;
  clock: Clock;
  log: Logger;
  /** The event of an alert, durable together with `writes`. */
  record: (note: string, about: AlertAbout, writes: readonly Write[]) => Promise<unknown>;
}) {
  const { store, clock, log, record } = deps;
  const known = new Set<string>();

  function documentOf(
    { kind, key, detail }: NewAlert,
    about: AlertAbout,
    parties: Parties,
    state: Alert['state'],
  ): Alert {
    const raised_at = clock.now().toISOString();
    const id = alertIdOf({ kind, key });
    return { id, kind, severity: severityOf(kind), state, detail, about, ...parties, raised_at, answers: [] };
  }

  /** False when somebody else has recorded it. */
  async function recorded(alert: Alert, write: Write): Promise<boolean> {
    const { id, kind, severity, detail, about } = alert;
    const note: z.output<typeof alertRaisedNote> = { alert: id, kind, severity, detail, member: about.member };
    try {
      await record(JSON.stringify(note), about, [write]);
      return true;
    } catch (error) {
      if (error instanceof WriteConflict) return false;
      throw error;
    }
  }

  const tell = ({ id, kind, detail, about }: Alert) =>
    log.alert({ alert: id, kind, ...(about.operation !== null && { operation: about.operation }) }, detail);

  return {
    /** Throws when it cannot be recorded: it is in the log all the same, and may be raised again. */
    async raise(alert: NewAlert, about: AlertAbout, parties: Parties): Promise<void> {
      const document = documentOf(alert, about, parties, 'open');
      if (known.has(document.id)) return;
      const write: Write = { op: 'create', path: alertPath(document.id), data: { ...document } };
      const fresh = await recorded(document, write).catch((error: unknown) => {
        tell(document);
        throw error;
      });
      if (fresh) tell(document);
      if (known.size < remembered) known.add(document.id);
    },

    /** For the commit of what it is about: the alert cannot be lost any more, and `finish` writes its event. */
    begin(alert: NewAlert, about: AlertAbout, parties: Parties): Write {
      const document = documentOf(alert, about, parties, 'raising');
      return { op: 'set', path: alertPath(document.id), data: { ...document } };
    },

    /** Writes the events of alerts that were begun. Safe to run anywhere, also twice at once. */
    async finish(): Promise<void> {
      const begun = await store.query({ collection: 'alerts', where: [['state', '==', 'raising']], limit: 200 });
      await Promise.all(
        begun.map(async ({ path, data, revision }) => {
          const alert: Alert = { ...alertSchema.parse(data), state: 'open' };
          if (await recorded(alert, { op: 'replace', path, data: { ...alert }, revision })) tell(alert);
        }),
      );
    },
  };
}

type Parties = Pick<Alert, 'parties' | 'owner'>;

/** Whom a passage is about: who called, who owns the agent, who asked for the approval and who granted it. */
export function partiesOf({ identity, groups, owner, approval }: Partial<Passage>): Parties {
  const caller = identity === undefined ? [] : [personOf(identity, groups ?? identity.groups)];
  const others =
    approval === undefined ? [] : [approval.requester, ...approval.decisions.map(({ approver }) => approver)];
  const answers = owner ?? approval?.owner;
  return { parties: [...caller, ...others], ...(answers !== undefined && { owner: answers }) };
}

/** Of an event: who called. */
export function partiesIn({ principal }: Pick<AuditFacts, 'principal'>): Parties {
  if (principal === null) return { parties: [] };
  const { issuer, subject, member, email, groups } = principal;
  return { parties: [{ issuer, subject, member, ...(email !== null && { email }), groups }] };
}

export function aboutOf(facts: AuditFacts): AlertAbout {
  const { session, operation, principal, connection, target_kind, verb } = facts;
  return { session, operation, connection, target_kind, verb, member: principal?.member ?? null };
}
