import { z } from 'zod';
import type { Running, RunningOperation } from '../audit/audit.ts';
import { isNamed, personOf } from '../model/person.ts';
import { asProblem, Problem } from '../model/problem.ts';
import { callAt } from './decisions.ts';
import type { Roles } from './roles.ts';
import type { Visit } from './visit.ts';

export const endingSchema = z.strictObject({ reason: z.string().trim().min(1, 'say why').max(500) });

/** What one human sees of an operation that runs. `objection`: why they may not end it. */
export type LiveSight = { running: RunningOperation; objection?: string };

/** What runs now, as one human may see and end it. */
export type Live = {
  /** Those that are live: for authors and auditors all, for others those that they may end. */
  list(visit: Visit): Promise<LiveSight[]>;
  /** For whoever may see it. Undefined where it does not run. */
  find(visit: Visit, operation: string): Promise<LiveSight | undefined>;
  /**
   * Ends it: recorded, and then known to its instance within moments. Who wants it again is told of the first. Throws `not-found` for what
   * does not concern this human, `denied`, and `not-running` in words.
   */
  end(visit: Visit, operation: string, reason: string): Promise<LiveSight>;
  follow: Running['follow'];
  recordingOf: Running['recordingOf'];
};

export type LiveDeps = {
  running: Running;
  roles: Roles;
  /** Whom the policies in force ask for a yes on a connection. */
  approversOf: (connection: string) => readonly string[];
  /** What anybody may have written, with what detectors recognise in it sealed. */
  conceal: (text: string) => string;
};

/** Who runs the place may end anything; so may whoever approves on the connection, or was asked for this operation. To end is no more than that. */
export function createLive({ running: source, roles, approversOf, conceal }: LiveDeps): Live {
  function objectionTo(visit: Visit, connection: string, asked: readonly string[]): string | undefined {
    const person = personOf(visit.identity, visit.groups);
    if (roles.of(visit).author) return undefined;
    if ([...asked, ...approversOf(connection)].some((member) => isNamed(person, member))) return undefined;
    return 'Administrators and those who approve on this connection may end it.';
  }

  function sightOf(visit: Visit, running: RunningOperation): LiveSight & { isConcerned: boolean } {
    const objection = objectionTo(visit, running.connection, running.approvers);
    const isConcerned = objection === undefined || roles.of(visit).auditor;
    return { running, isConcerned, ...(objection !== undefined && { objection }) };
  }

  async function end(visit: Visit, operation: string, reason: string): Promise<LiveSight> {
    const found = await source.standing(operation);
    const { running, connection = '', state } = found ?? {};
    const objection = found === undefined ? 'gone' : objectionTo(visit, connection, running?.approvers ?? []);
    if (found === undefined || (objection !== undefined && !roles.of(visit).auditor))
      throw new Problem('not-found', { reason: 'no-such-operation' });
    if (objection !== undefined) throw new Problem('denied', { detail: objection, reason: 'not-among-those-who-end' });
    if (running === undefined) throw new Problem('not-running', { detail: wordsOf(state), reason: `is-${state}` });
    if (running.ending !== undefined) return { running };
    const given = { by: visit.identity.member, reason: conceal(reason) };
    const { ending, writes, event, note } = source.end(running, given);
    try {
      await visit.note(event, { operationId: operation, call: callAt(connection) }, { with: writes, note });
    } catch (thrown) {
      if (asProblem(thrown).code !== 'approval-conflict') throw thrown;
      return end(visit, operation, reason);
    }
    return { running: { ...running, ending } };
  }

  return {
    async list(visit) {
      const sights = (await source.list()).map((running) => sightOf(visit, running));
      return sights.filter(({ isConcerned }) => isConcerned);
    },
    async find(visit, operation) {
      const running = (await source.standing(operation))?.running;
      const sight = running && sightOf(visit, running);
      return sight?.isConcerned === true ? sight : undefined;
    },
    end,
    follow: source.follow,
    recordingOf: source.recordingOf,
  };
}

function wordsOf(state: string | undefined) {
  return state === 'waiting'
    ? 'It waits for a human, so nothing runs. Deny its approval instead.'
    : `It has ended already: ${state}.`;
}
