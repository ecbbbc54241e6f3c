import type { Approvals, Settlement } from './approvals/approvals.ts';
import type {
  Answer,
  AnswerSummary,
  Audit,
  BodyAnswer,
  DuplexAnswer,
  deliver,
  Endings,
  Intent,
  OperationState,
  RowsAnswer,
} from './audit/audit.ts';
import type { Connections } from './connections/connections.ts';
import type { Credentials } from './credentials/credentials.ts';
import { holding } from './gateway/holding.ts';
import { sized } from './gateway/sized.ts';
import { asksMore, watchOver } from './gateway/watching.ts';
import type { Identities } from './identity/identity.ts';
import type { createTranscript, maskResult } from './masking/masking.ts';
import type { Approval } from './model/approval.ts';
import { begin, type Call, introduce, type Passage, timed } from './model/call.ts';
import { check } from './model/check.ts';
import type { Connection } from './model/connection.ts';
import type { Decision } from './model/decision.ts';
import { lowestLimits, type PolicySet, type Verb } from './model/documents.ts';
import type { Identity } from './model/identity.ts';
import { bareOperation, type Operation } from './model/operation.ts';
import { asProblem, Problem, type ProblemCode } from './model/problem.ts';
import type { Seal, TokenKey } from './model/seal.ts';
import type { OpenTranscript } from './model/transcript.ts';
import type { Admission } from './platform/admission.ts';
import type { Clock } from './platform/clock.ts';
import { createDeadline, within } from './platform/deadline.ts';
import { bounded, cancel, isGivenUp, untilGivenUp } from './platform/giving-up.ts';
import type { Ids } from './platform/ids.ts';
import type { Policy, Reach } from './policy/policy.ts';
import type { Caller, Estimate, Target } from './targets/target.ts';
import type { Targets } from './targets/targets.ts';

export type { AnswerSummary, BodyAnswer, DuplexAnswer, OperationState, Reach, RowsAnswer };

/** The steps of the flow, each from its own room. */
export type Steps = {
  identities: Identities;
  admission: Admission;
  connections: Connections;
  policy: Policy;
  targets: Targets;
  approvals: Approvals;
  audit: Audit;
  /** How humans end what runs. */
  endings: Pick<Endings, 'heed' | 'look'>;
  credentials: Credentials;
  masking: { mask: typeof maskResult; transcribe: typeof createTranscript };
  deliver: typeof deliver;
  seal: Seal;
  tokenKey: TokenKey;
  /** For the log: told once of each call that ran or was refused. */
  report: (passage: Passage) => void;
  clock: Clock;
  ids: Ids;
};

type Open = Extract<Settlement, { state: 'waiting' | 'granted' }>;

/** What a call comes back with. Everything else is a thrown `Problem`. */
export type Reply =
  | { state: 'waiting'; operation: string; approval: Approval }
  | { state: 'simulated'; operation: string; understood: Operation; decision: Decision }
  | { state: 'done'; operation: string; understood: Operation; decision: Decision; answer: Answer };

export type Gateway = {
  /** Takes one call through all steps. Throws a `Problem`, which is in the trail by then; nothing fails open. */
  handle(call: Call): Promise<Reply>;
};

/** THE FLOW: the order of the steps, and nothing else. */
export function createGateway(steps: Steps): Gateway {
  const { identities, admission, connections, policy, targets, approvals, audit, credentials, masking, seal } = steps;
  const { deliver, endings, report, tokenKey, clock, ids } = steps;
  /** Problems that are in the trail already, as the outcome of an intent or with an approval's end. */
  const told = new WeakSet<Problem>();
  const settingsRead = new WeakMap<Connection, { settings: unknown }>();

  async function handle(call: Call): Promise<Reply> {
    const passage = begin(call, ids('op'), clock.now());
    try {
      return await enter(passage);
    } catch (thrown) {
      throw await recordRefusal(passage, asProblem(thrown));
    }
  }

  async function enter(passage: Passage): Promise<Reply> {
    const { presented } = passage.call;
    const identity = await timed(passage, 'authenticate', () => identities.authenticate(presented)); //    1 authenticate
    Object.assign(passage, introduce(passage.call, identity));
    return holding(admission.enter(identity), (leave) => pass(passage, identity, leave));
  }

  async function pass(passage: Passage, identity: Identity, leave: () => void): Promise<Reply> {
    const operation = passage.operationId;
    const { connection, rules } = resolve(passage, identity); //                                           2 resolve
    const aim = await aimAt(connection, passage.call, callerOf(passage, identity, connection, rules));
    const hidden = await understand(passage, aim, []); //                                                  3 understand
    passage.operation = hidden;
    const weigh = (known: Operation) =>
      timed(passage, 'decide', () => decide(passage, identity, connection, known, rules));
    const granted = await weigh(hidden); //                                                                 4 decide
    const estimate = await estimated(passage, aim, await exempt(passage, aim, hidden, granted));
    const decision = estimate === undefined ? granted : await weigh(sized(hidden, estimate));
    const understood = sized(await exempt(passage, aim, hidden, decision), estimate);
    passage.operation = understood;
    if (passage.call.dryRun) {
      await audit.note('simulated', passage);
      return { state: 'simulated', operation, understood, decision };
    }

    const act = (left: () => void) => settleAndRun(passage, aim, understood, decision, left);
    const reply = await (understood.live === true ? holding(admission.stay(identity), act) : act(leave));
    if (reply === undefined) return pass(passage, identity, leave);
    if (understood.live === true) leave();
    return reply;
  }

  /** Steps 5 to 10. Undefined when a human has decided meanwhile, so that all is to be looked at anew. */
  async function settleAndRun(
    passage: Passage,
    aim: Aim,
    understood: Operation,
    decision: Decision,
    leave: () => void,
  ): Promise<Reply | undefined> {
    const operation = passage.operationId;
    const settlement = await timed(passage, 'settle', () => settle(passage, decision)); //                 5 settle
    if (settlement?.state === 'waiting') {
      const { signal } = passage.call;
      const wait = passage.call.wait === 'approval_wait' ? aim.connection.document.approval_wait : passage.call.wait;
      if (wait === 0) return { state: 'waiting', operation, approval: settlement.approval };
      await timed(passage, 'wait', () => approvals.wait(settlement.approval, wait, signal));
      await identities.authenticate(passage.call.presented);
      passage.call = { ...passage.call, wait: 0 };
      return undefined;
    }
    refuseGone(passage.call);
    const writes = settlement?.writes ?? [];
    if (decision.overridden.length > 0) await timed(passage, 'intend', () => audit.breakGlass(passage));
    const intent = await timed(passage, 'intend', () => audit.intend(passage, { with: writes })); //       6 record the intent
    const answer = await execute(passage, aim, understood, decision, intent, leave); //                    7 execute … 10 reply
    return { state: 'done', operation, understood, decision, answer };
  }

  /** Step 2. What an identity cannot reach looks like what does not exist. */
  function resolve(passage: Passage, identity: Identity) {
    const rules = connections.current();
    const groups = policy.groupsOf(identity, rules);
    const owner = policy.ownerOf(identity, rules);
    Object.assign(passage, { groups, ...(owner !== undefined && { owner }) });
    const connection = connections.resolve(passage.call.connection);
    const agent = passage.agent ?? { attested: false };
    const standing = { identity, groups, agent, connection, policySet: rules, now: clock.now() };
    if (!policy.canReach(standing)) throw new Problem('not-found', { reason: 'unreachable' });
    const { kind = connection.document.kind } = passage.call;
    if (kind !== connection.document.kind) throw new Problem('not-found', { reason: 'another-kind' });
    passage.connection = connection;
    return { connection, rules };
  }

  type Aim = {
    target: Target;
    connection: Connection;
    request: unknown;
    settings: unknown;
    call: Call;
    caller: Caller;
  };

  async function aimAt(connection: Connection, call: Call, caller: Caller): Promise<Aim> {
    const target = await targets.of(connection);
    const request = check(call.request, target.request);
    const settings = settingsOf(connection, target);
    return { target, connection, request, settings, call, caller };
  }

  /** Read once of each connection as it is in force. */
  function settingsOf(connection: Connection, target: Target): unknown {
    const known = settingsRead.get(connection);
    if (known !== undefined) return known.settings;
    const settings = check(connection.document.settings, target.settings, 'policy-unavailable');
    settingsRead.set(connection, { settings });
    return settings;
  }

  /** What a target may know of who asks; what it asks policy beside is of no effect on the call. */
  function callerOf(passage: Passage, identity: Identity, connection: Connection, policySet: PolicySet): Caller {
    const { groups = [], agent = { attested: false } } = passage;
    return {
      member: identity.member,
      groups,
      may(touch) {
        const operation = bareOperation(connection.document.kind, touch);
        const standing = { identity, groups, agent, connection, policySet, now: clock.now() };
        const { effect, approvals: needed } = policy.decide({ ...standing, operation });
        return effect === 'allow' && needed.length > 0 ? 'ask' : effect;
      },
    };
  }

  /** Step 3. `unmask` are the classes that this identity may see in the clear. */
  function understand(passage: Passage, aim: Aim, unmask: readonly string[]): Promise<Operation> {
    const { target, connection, request, settings, call } = aim;
    const work = async (signal: AbortSignal) => {
      const access = { connection, settings, signal, ...labelled(passage) };
      const facts = await credentials.use(connection, (secret) => target.inspect({ ...access, secret }, request));
      return target.understand(request, facts, { connection, unmask, seal, tokenKey });
    };
    return timed(passage, 'understand', () => within(INSPECT_SECONDS, call.signal, work));
  }

  /** The operation with what the decision leaves in the clear. Refuses what cannot be proven to hide the rest. */
  async function exempt(passage: Passage, aim: Aim, hidden: Operation, { unmask }: Decision) {
    const understood = unmask.length > 0 ? await understand(passage, aim, unmask) : hidden;
    passage.operation = understood;
    if (understood.unprovable === undefined) return understood;
    const { rule, detail } = understood.unprovable;
    throw new Problem('masking-unprovable', { detail: `${rule}: ${detail}`, reason: rule });
  }

  /** What policy has granted in kind is counted, where that can be, and then decided again: how much is a risk of its own. */
  async function estimated(passage: Passage, aim: Aim, operation: Operation): Promise<Estimate | undefined> {
    const { target, connection, settings, call, caller } = aim;
    const count = target.estimate?.bind(target);
    if (count === undefined || HARMLESS.has(operation.verb)) return undefined;
    const work = (signal: AbortSignal) => {
      const access = { connection, settings, signal, caller, ...labelled(passage) };
      return credentials.use(connection, (secret) => count(operation, { ...access, secret }));
    };
    return timed(passage, 'estimate', () => within(INSPECT_SECONDS, call.signal, work));
  }

  /** Step 4. The caller may lower the limits, never raise them. */
  function decide(
    passage: Passage,
    identity: Identity,
    connection: Connection,
    operation: Operation,
    rules: PolicySet,
  ) {
    const { groups = [], agent = { attested: false }, call } = passage;
    const now = clock.now();
    const decided = policy.decide({ identity, groups, agent, connection, operation, policySet: rules, now });
    const decision: Decision = { ...decided, limits: lowestLimits(decided.limits, call.limits) };
    Object.assign(passage, { operation, decision });
    if (decision.effect === 'deny')
      throw new Problem('denied', decision.reason === undefined ? {} : { reason: decision.reason });
    return decision;
  }

  /** Step 5. Every change of an approval is committed together with the event that tells of it. */
  async function settle(passage: Passage, decision: Decision, tries = 3): Promise<Open | undefined> {
    if (decision.approvals.length === 0) return undefined;
    const settlement = await approvals.settle(passage);
    passage.approval = settlement.approval;
    const approval = settlement.approval.id;
    if (settlement.state === 'denied') throw new Problem('approval-denied', { approval });
    if (settlement.state === 'granted') return settlement;
    try {
      if (settlement.state === 'expired') await audit.note('expired', passage, { with: settlement.writes });
      else await audit.note('held', passage, { with: settlement.writes });
    } catch (thrown) {
      if (tries > 1 && asProblem(thrown).code === 'approval-conflict') return settle(passage, decision, tries - 1);
      throw thrown;
    }
    if (settlement.state === 'waiting') return settlement;
    throw tell(new Problem('approval-expired', { approval, detail: 'Send the same request again to ask anew.' }));
  }

  /** Steps 7 to 10. The answer streams; its outcome is recorded before its last byte. */
  async function execute(
    passage: Passage,
    aim: Aim,
    operation: Operation,
    decision: Decision,
    intent: Intent,
    leave: () => void,
  ) {
    const { target, connection, settings, caller } = aim;
    const { limits, unmask } = decision;
    const { live = false } = operation;
    const seconds = limits.seconds ?? (live ? LIVE_SECONDS : DEFAULT_SECONDS);
    const deadline = createDeadline(passage.call.signal, seconds + GRACE_SECONDS);
    const { signal } = deadline;
    let credential: { secret: string; version: string } | undefined;
    const { spent, elapsed } = passage;
    const durations = () => ({ total: elapsed(), queue: spent.wait, target: spent.execute, audit: spent.intend });
    const unwatch = watchOver({
      ...{ endings, operation: passage.operationId, live },
      look: () => lookAgain(passage, decision),
      end: deadline.abort,
    });
    const over = () => {
      unwatch();
      deadline.clear();
    };
    const ended = () => {
      over();
      leave();
      report(passage);
    };
    const transcript: OpenTranscript = (options) => masking.transcribe(options, { unmask, tape: intent.tape });
    try {
      const running = credentials.use(connection, (secret) => {
        if (signal.reason instanceof Problem) throw signal.reason;
        credential = { secret: nameOf(connection), version: secret.version };
        const access = { connection, settings, secret, signal, caller, ...labelled(passage) };
        const execution = { ...access, limits, transcript };
        return timed(passage, 'execute', () => target.execute(operation, execution)); //                   7 execute
      });
      const result = await untilGivenUp(running, signal, cancel);
      const masked = masking.mask(bounded(result, signal), { unmask }); //                                                 8 mask
      return deliver(intent, masked, { credential, durations, ended }); //                                9 record the outcome
    } catch (thrown) {
      over();
      const problem = asProblem(thrown);
      const known = credential === undefined ? {} : { credential };
      const type = isGivenUp(problem) ? 'unknown' : 'failed';
      await intent.complete({ type, problem, durations: durations(), ...known });
      throw tell(problem);
    }
  }

  /** Whether what goes on would be allowed now: to this token, by the connection and the policies as they are. Throws where not. */
  async function lookAgain(passage: Passage, begun: Decision): Promise<void> {
    const { operation } = passage;
    const identity = await identities.authenticate(passage.call.presented);
    const now: Passage = { ...passage };
    const { connection, rules } = resolve(now, identity);
    if (operation === undefined || asksMore(decide(now, identity, connection, operation, rules), begun))
      throw new Problem('denied');
  }

  /** A refusal is in the trail before the caller hears of it; if it cannot be, that is what the caller hears. */
  async function recordRefusal(passage: Passage, problem: Problem): Promise<Problem> {
    problem.operation = passage.operationId;
    passage.problem = problem;
    report(passage);
    if (told.has(problem)) return problem;
    await audit.note(DENIALS.has(problem.code) ? 'denied' : 'refused', passage);
    return problem;
  }

  function tell(problem: Problem) {
    told.add(problem);
    return problem;
  }

  return { handle };
}

/** Seconds an inspection of a target may take, and an operation that no limit bounds. */
const INSPECT_SECONDS = 15;
const DEFAULT_SECONDS = 30;
/** What goes on until one side ends it: as long as Cloud Run lets a request last. */
const LIVE_SECONDS = 3600;
/** A target's own timeout comes first, as it can say what happened. */
const GRACE_SECONDS = 5;

const DENIALS = new Set<ProblemCode>(['denied', 'approval-denied', 'masking-unprovable']);

/** What changes nothing by itself, so there is nothing to count. */
const HARMLESS = new Set<Verb>(['read', 'connect']);

/** Nobody waits for the answer any more, so nothing is begun. */
function refuseGone({ signal }: Call) {
  if (signal.aborted) throw new Problem('timeout', { reason: 'client-gone' });
}

/** What a target's own records may name of a call. */
function labelled({ operationId: operation, session }: Passage) {
  return { operation, ...(session !== undefined && { session }) };
}

function nameOf({ document: { credential } }: Connection) {
  return 'secret' in credential ? credential.secret : credential.service_account;
}
