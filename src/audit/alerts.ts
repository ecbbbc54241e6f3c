import type { z } from 'zod';
import { type Alert, type AlertAct, type alertAnsweredNote, alertSchema, type alertStates } from '../model/alert.ts';
import type { EventType } from '../model/audit-event.ts';
import type { Identity } from '../model/identity.ts';
import { goesBy, personOf, samePerson } from '../model/person.ts';
import { Problem } from '../model/problem.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Revision, Store, StoredDocument, Write } from '../platform/store.ts';

/** A human's answer, and the event and the note that it must be committed with. */
type AnsweredAlert = { alert: Alert; writes: readonly Write[]; event: EventType; note: string };

type AlertState = (typeof alertStates)[number];

/** The alerts as humans see and answer them. Nothing is written here: the caller commits `writes` with the event. */
export type Alerts = {
  /** Newest first. */
  list(filter: { state?: AlertState; limit: number }): Promise<Alert[]>;
  get(id: string): Promise<Alert | undefined>;
  /** Why this identity may not answer it, in words; undefined where nothing but its state stands against it. */
  objection(alert: Alert, identity: Identity, groups: readonly string[]): string | undefined;
  /** Throws `not-found`, `denied` for whom it is about and for agents, and `precondition-failed` where it was answered so before. */
  answer(answer: {
    id: string;
    act: AlertAct;
    identity: Identity;
    groups: readonly string[];
    reason: string;
  }): Promise<AnsweredAlert>;
};

const collection = 'alerts';
const alertId = /^alr_[0-9a-f]{32}$/;

export const alertPath = (id: string) => `${collection}/${id}`;

export function createAlerts({ store, clock, log }: { store: Store; clock: Clock; log: Logger }): Alerts {
  /** One that cannot be read must not hide the others. */
  function readable(document: StoredDocument): Alert[] {
    const { data, error } = alertSchema.safeParse(document.data);
    if (error !== undefined) log.error({ path: document.path }, 'A stored alert cannot be read.');
    return data === undefined ? [] : [data];
  }

  async function read(id: string): Promise<{ alert: Alert; revision: Revision } | undefined> {
    const found = alertId.test(id) ? await store.get(alertPath(id)) : undefined;
    return found && { alert: alertSchema.parse(found.data), revision: found.revision };
  }

  return {
    async list({ state, limit }) {
      const where = state === undefined ? [] : [['state', '==', state] as const];
      const found = await store.query({ collection, where, orderBy: [['raised_at', 'desc']], limit });
      return found.flatMap(readable);
    },
    get: async (id) => (await read(id))?.alert,
    objection: objectionTo,
    async answer({ id, act, identity, groups, reason }) {
      const found = await read(id);
      if (found === undefined) throw new Problem('not-found', { reason: 'no-such-alert' });
      const { alert, revision } = found;
      const objection = objectionTo(alert, identity, groups);
      if (objection !== undefined) throw new Problem('denied', { detail: objection, reason: 'segregation: alert' });
      if (alert.state === 'closed' || (act === 'acknowledge' && alert.state !== 'open'))
        throw new Problem('precondition-failed', { detail: `It is ${alert.state} already.` });
      const given = { act, by: personOf(identity, groups), reason, at: clock.now().toISOString() };
      const next: Alert = {
        ...alert,
        state: act === 'close' ? 'closed' : 'acknowledged',
        answers: [...alert.answers, given],
      };
      const { kind, severity, raised_at } = alert;
      const note: z.output<typeof alertAnsweredNote> = { alert: id, kind, severity, raised_at, reason };
      return {
        alert: next,
        writes: [{ op: 'replace', path: alertPath(id), data: { ...next }, revision }],
        event: act === 'close' ? 'alert_closed' : 'alert_acknowledged',
        note: JSON.stringify(note),
      };
    },
  };
}

function objectionTo(alert: Alert, identity: Identity, groups: readonly string[]): string | undefined {
  const person = personOf(identity, groups);
  if (identity.kind !== 'human' || person.member.startsWith('serviceAccount:')) return 'Only a human can answer it.';
  if (alert.parties.some((party) => samePerson(person, party))) return 'It is about you; somebody else must answer it.';
  if (alert.owner !== undefined && goesBy(person, alert.owner))
    return 'It is about your agent; somebody else must answer it.';
  return undefined;
}
