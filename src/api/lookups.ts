import type { OperationState, Reach, Steps } from '../gateway.ts';
import type { Approval } from '../model/approval.ts';
import { begin, type Call, introduce, type Passage } from '../model/call.ts';
import { check } from '../model/check.ts';
import type { Connection } from '../model/connection.ts';
import type { PolicySet, Verb } from '../model/documents.ts';
import { bareOperation } from '../model/operation.ts';
import { asProblem, Problem } from '../model/problem.ts';
import type { StructureQuery } from '../model/structure.ts';

/** What an identity may look up about itself. Nothing here touches data; a refusal is in the trail like any other. */
export type Lookups = {
  connections(call: Call): Promise<Found<readonly Reachable[]>>;
  connection(call: Call): Promise<Found<Reachable>>;
  /**
   * A place for a connection that stays open and in which calls are made, where the caller reaches the target and speaks its protocol.
   * `until`: when the token ends.
   */
  hold(call: Call): Promise<Found<{ until: Date; leave: () => void }>>;
  /** A page of a target's structure. */
  schema(call: Call, query: StructureQuery): Promise<Found<unknown>>;
  /** An approval that this identity asked for; anybody else's looks like none. */
  approval(call: Call, id: string): Promise<Found<Approval>>;
  /** An operation of this identity, of the last day. */
  operation(call: Call, id: string): Promise<Found<OperationFound>>;
  /** Refuses a request that never became a call. Who cannot say who it is hears of that first. */
  refuse(call: Call, problem: Problem): Promise<never>;
  /** As `refuse`, without a look at who it is: for a request whose token must not be touched. */
  turnAway(call: Call, problem: Problem): Promise<never>;
};

/** What was looked up, and the id of the call that did. */
export type Found<T> = { operation: string; found: T };

/** What waited for a human does so no longer once its approval is over; `retried`: the same request was sent again, and ran as another. */
export type OperationFound = Omit<OperationState, 'state'> & {
  state: OperationState['state'] | 'expired' | 'denied' | 'retried';
};

export type Reachable = { connection: Connection; reach: Reach };

const INSPECT_SECONDS = 15;

export function createLookups(steps: Steps): Lookups {
  const { identities, admission, connections, policy, targets, credentials, approvals, audit, clock, ids } = steps;

  async function visit<T>(call: Call, look: (passage: Passage, rules: PolicySet) => T | Promise<T>): Promise<Found<T>> {
    const passage = begin(call, ids('op'), clock.now());
    try {
      const identity = await identities.authenticate(call.presented);
      const leave = admission.enter(identity);
      try {
        const rules = connections.current();
        Object.assign(passage, introduce(call, identity), { groups: policy.groupsOf(identity, rules) });
        return { operation: passage.operationId, found: await look(passage, rules) };
      } finally {
        leave();
      }
    } catch (thrown) {
      throw await recordRefusal(passage, asProblem(thrown));
    }
  }

  async function recordRefusal(passage: Passage, problem: Problem) {
    problem.operation = passage.operationId;
    await audit.note('refused', { ...passage, problem });
    return problem;
  }

  function reachOf(
    { identity, groups = [], agent = { attested: false } }: Passage,
    connection: Connection,
    rules: PolicySet,
  ) {
    if (identity === undefined) return undefined;
    return policy.reachable({ identity, groups, agent, connection, policySet: rules, now: clock.now() });
  }

  /** Whether policy would grant anything on a resource: what it would not, an agent does not hear of. */
  function mayTouch(passage: Passage, connection: Connection, rules: PolicySet, verb: Verb) {
    const { identity, groups = [], agent = { attested: false } } = passage;
    const standing = { groups, agent, connection, policySet: rules, now: clock.now() };
    const { kind } = connection.document;
    return (resource: string) =>
      identity !== undefined &&
      policy.decide({
        ...standing,
        identity,
        operation: bareOperation(kind, { verb, risks: [], resources: [resource] }),
      }).effect === 'allow';
  }

  function mayTouchSome(passage: Passage, connection: Connection, rules: PolicySet, verbs: readonly Verb[]) {
    const { identity, groups = [], agent = { attested: false } } = passage;
    const standing = { groups, agent, connection, policySet: rules, now: clock.now() };
    return (resource: string) =>
      identity !== undefined && verbs.some((verb) => policy.mayReach({ ...standing, identity }, verb, resource));
  }

  async function stateNow({ state, approval: asked }: OperationState): Promise<OperationFound['state']> {
    if (state !== 'waiting' || asked === null) return state;
    const approval = await approvals.get(asked);
    return overBy[approval?.state ?? 'pending'];
  }

  function reach(passage: Passage, rules: PolicySet): Reachable {
    const connection = connections.resolve(passage.call.connection);
    const reached = reachOf(passage, connection, rules);
    if (reached === undefined) throw new Problem('not-found', { reason: 'unreachable' });
    return { connection, reach: reached };
  }

  return {
    connections: (call) =>
      visit(call, (passage, rules) =>
        [...rules.connections.keys()]
          .filter((name) => isWhole(name, rules))
          .sort()
          .flatMap((name) => {
            const connection = connections.resolve(name);
            const reached = reachOf(passage, connection, rules);
            return reached === undefined ? [] : [{ connection, reach: reached }];
          }),
      ),
    connection: (call) => visit(call, reach),
    hold: (call) =>
      visit(call, (passage, rules) => {
        const { connection } = reach(passage, rules);
        const { kind = connection.document.kind } = call;
        if (kind !== connection.document.kind) throw new Problem('not-found', { reason: 'another-kind' });
        const { identity } = passage;
        if (identity === undefined) throw new Problem('unauthenticated');
        return { until: new Date(identity.expiresAt * 1000), leave: admission.stay(identity) };
      }),
    schema: (call, query) =>
      visit(call, async (passage, rules) => {
        const { connection, reach: reached } = reach(passage, rules);
        const target = await targets.of(connection);
        const settings = check(connection.document.settings, target.settings, 'policy-unavailable');
        const signal = AbortSignal.any([call.signal, AbortSignal.timeout(INSPECT_SECONDS * 1000)]);
        const verbs = reached.verbs.map((verb) => mayTouch(passage, connection, rules, verb));
        const question = {
          query,
          mayTouch: (resource: string) => verbs.some((may) => may(resource)),
          mayTouchSome: mayTouchSome(passage, connection, rules, reached.verbs),
        };
        // It opens the target: the target's own record of that names this call.
        await audit.note('simulated', { ...passage, connection }, { note: 'schema' });
        return credentials.use(connection, async (secret) => {
          const access = { connection, settings, secret, signal, operation: passage.operationId };
          return target.schema(await target.inspect(access), question, access);
        });
      }),
    approval: (call, id) =>
      visit(call, async ({ identity }) => {
        const approval = await approvals.get(id);
        const own =
          approval?.requester.issuer === identity?.issuer && approval?.requester.subject === identity?.subject;
        if (approval === undefined || !own) throw new Problem('not-found');
        return approval;
      }),
    operation: (call, id) =>
      visit(call, async ({ identity }) => {
        const found = await audit.find(id);
        const own = found?.issuer === identity?.issuer && found?.subject === identity?.subject;
        if (found === undefined || !own) throw new Problem('not-found');
        return { ...found, state: await stateNow(found) };
      }),
    async refuse(call, problem) {
      const { found } = await visit<never>(call, () => {
        throw problem;
      });
      return found;
    },
    async turnAway(call, problem) {
      throw await recordRefusal(begin(call, ids('op'), clock.now()), problem);
    },
  };
}

/** Where an operation stands that waited for an approval, by where that stands. */
const overBy = {
  pending: 'waiting',
  approved: 'waiting',
  denied: 'denied',
  expired: 'expired',
  spent: 'retried',
} as const satisfies Record<Approval['state'], OperationFound['state']>;

/** A connection whose document or classification does not parse refuses everything, and so is not listed. */
function isWhole(name: string, { invalid }: PolicySet) {
  return !invalid.some(
    (document) => document.name === name && (document.kind === 'connections' || document.kind === 'classifications'),
  );
}
