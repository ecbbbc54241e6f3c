import { z } from 'zod';
import type { Alerts } from '../audit/audit.ts';
import { type Alert, type AlertAct, alertActs, alertStates } from '../model/alert.ts';
import { asProblem, Problem } from '../model/problem.ts';
import { callAt } from './decisions.ts';
import type { Visit } from './visit.ts';

/** What one human sees of an alert. `objection`: why they may not answer it. */
export type AlertSight = { alert: Alert; objection?: string };

export const alertFilterSchema = z.object({ state: z.enum(alertStates).optional() });
export const alertReasonSchema = z.strictObject({ reason: z.string().trim().min(1, 'say why').max(2000) });
export const alertAnswerSchema = alertReasonSchema.extend({ act: z.enum(alertActs) });

/** Alerts as one human may see and answer them. */
export type AlertAnswers = {
  list(visit: Visit, filter: { state?: Alert['state'] | undefined; limit: number }): Promise<AlertSight[]>;
  /** Throws `not-found`. */
  get(visit: Visit, id: string): Promise<AlertSight>;
  /** Records the answer and what it changes in one commit. Throws as `Alerts.answer`. */
  answer(visit: Visit, id: string, answer: { act: AlertAct; reason: string }): Promise<AlertSight>;
};

export function createAlertAnswers(alerts: Alerts): AlertAnswers {
  function sightOf({ identity, groups }: Visit, alert: Alert): AlertSight {
    const objection = alert.state === 'closed' ? 'It is closed.' : alerts.objection(alert, identity, groups);
    return { alert, ...(objection !== undefined && { objection }) };
  }

  return {
    async list(visit, { state, limit }) {
      const listed = state === undefined || state === 'raising' ? {} : { state };
      return (await alerts.list({ ...listed, limit })).map((alert) => sightOf(visit, alert));
    },
    async get(visit, id) {
      const alert = await alerts.get(id);
      if (alert === undefined) throw new Problem('not-found', { reason: 'no-such-alert' });
      return sightOf(visit, alert);
    },
    async answer(visit, id, given) {
      const { identity, groups } = visit;
      const { alert, writes, event, note } = await alerts.answer({ id, identity, groups, ...given });
      const { operation, session, connection } = alert.about;
      const subject = {
        ...(operation !== null && { operationId: operation }),
        ...(session !== null && { session }),
        ...(connection !== null && { call: callAt(connection) }),
      };
      await visit.note(event, subject, { with: writes, note }).catch((thrown: unknown) => {
        if (asProblem(thrown).code !== 'approval-conflict') throw thrown;
        throw new Problem('precondition-failed', { detail: 'Somebody else answered it meanwhile. Look at it again.' });
      });
      return sightOf(visit, alert);
    },
  };
}
