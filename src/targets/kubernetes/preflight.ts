import type { Operation } from '../../model/operation.ts';
import { Problem } from '../../model/problem.ts';
import type { Proxy as Upstream, UpstreamAnswer } from '../../proxy/proxy.ts';
import type { Asking, Estimate } from '../target.ts';
import { countDeletion } from './count.ts';
import { deleteOptions, isDryRun, writeDeletion } from './deletion.ts';
import { refuseWithoutDryRun } from './dry-run.ts';
import { type Json, objectAt, parseJson, textAt } from './json.ts';
import { changesBetween, lastApplied } from './judge/changes.ts';
import type { Finding } from './judge/finding.ts';
import { judge, risksOf } from './judge/judge.ts';
import { settled } from './judge/settled.ts';
import { writeAddress } from './path.ts';
import { pin, versionIn } from './pin.ts';
import type { Judged, Plan } from './plan.ts';
import { refusalOf } from './refused.ts';
import type { Settings } from './settings.ts';
import { resultOf, shownOf, statementWith, textsOf } from './shown.ts';
import { createSend, leave, readWhole, type Send } from './upstream.ts';

/** Bytes of an object that is judged: as etcd holds at most, and what the server adds. */
const MOST_OBJECT = 8 * 1024 * 1024;
/** Others may change the object between a look at it and the dry run. */
const TRIES = 4;

/**
 * What would come of a write, by a dry run of the very same request: the risks of the object that results, how it differs from what is there,
 * and the object itself as a part of what is approved. Refuses what cannot be tried, and passes on what the server itself refuses.
 */
export async function estimate(
  { statement, recorded, plan }: Operation<Plan>,
  access: Asking<Settings>,
  proxy: Upstream,
): Promise<Estimate<Plan>> {
  if (!isWrite(plan)) return { risks: [], estimates: {} };
  const send = createSend(proxy, access);
  // What many would go is counted, not tried, and no document says whether a server knows of a dry run of it.
  if (plan.info.verb === 'deletecollection' && !isTrial(plan))
    return countDeletion({ statement, recorded, plan }, send);
  await refuseWithoutDryRun(plan.info, plan.method, send);
  if (isTrial(plan)) return { risks: [], estimates: {} };
  const { judged, findings, changes } = await preflight(plan, send);
  return {
    risks: risksOf(findings),
    estimates: { plan: textsOf(findings, changes) },
    statement: statementWith(statement, judged.result),
    recorded: { ...recorded, statement: statementWith(recorded.statement, judged.result) },
    replan: (understood) => ({ ...understood, judged }),
  };
}

/** Sends the request as it was judged. Where the object changed meanwhile it is judged again, and sent if the same comes of it. */
export async function sendJudged(plan: Plan, send: Send): Promise<UpstreamAnswer> {
  const { method, path, accept, headers, body } = plan;
  if (!isWrite(plan) || isTrial(plan)) return send({ method, path, accept, headers, body });
  if (plan.judged === undefined) throw new Problem('internal', { reason: 'not-judged' });
  let { judged } = plan;
  if (judged.again === true) judged = await judgedAgain(plan, judged, send);
  for (let left = TRIES; ; left--) {
    const answer = await send({ method, path, accept, headers: judged.headers, body: judged.body });
    if (answer.status !== 409 || !judged.pinned || left === 0) return answer;
    await leave(answer);
    judged = await judgedAgain(plan, judged, send);
  }
}

/** For the object as it is by now. Throws `approval-conflict` where something else comes of it than what was decided on. */
async function judgedAgain(plan: Plan, { result }: Judged, send: Send): Promise<Judged> {
  const { judged } = await preflight(plan, send);
  if (judged.result === result) return judged;
  throw new Problem('approval-conflict', {
    detail: 'The object changed meanwhile, and something else would come of the request: send it again.',
    reason: 'judged-anew',
  });
}

type Preflight = { judged: Judged; findings: readonly Finding[]; changes: string };
type Written = Pick<Judged, 'body' | 'headers' | 'pinned' | 'again'>;

const writing = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** What stores nothing has nothing that could be judged beforehand: reviews, and tokens, which are handed out and not kept. */
const storing = ({ group, resource, subresource }: Plan['info']) =>
  group !== 'authentication.k8s.io' &&
  group !== 'authorization.k8s.io' &&
  !(group === '' && resource === 'serviceaccounts' && subresource === 'token');

/** Whether it changes something, or would but for a dry run of the caller's own. */
function isWrite({ answer, info }: Plan): boolean {
  return answer === 'object' && writing.has(info.verb) && storing(info);
}

/** A dry run of the caller's own needs no other before it. */
function isTrial(plan: Plan): boolean {
  const { info, query } = plan;
  if (info.verb === 'delete' || info.verb === 'deletecollection') return isDryRun(deleteOptions(plan));
  return query.some(([name]) => name === 'dryRun');
}

async function preflight(plan: Plan, send: Send): Promise<Preflight> {
  for (let left = TRIES; ; left--) {
    const before = await current(plan, send);
    const written = prepared(plan, before);
    const answer = await send(dryRunOf(plan, written));
    if (answer.status === 409 && written.pinned && left > 0) {
      await leave(answer);
      continue;
    }
    if (answer.status >= 400) throw await refusalOf(answer, plan);
    const after = await objectIn(answer);
    return conclude(plan, repinned(plan, written, before ?? after), before, after);
  }
}

/** The object as it is, if there is one that the gateway may read. */
async function current(plan: Plan, send: Send): Promise<Json> {
  const { info } = plan;
  if (info.verb === 'create' && info.subresource === '') return undefined;
  const segments = info.verb === 'create' ? info.segments.slice(0, -1) : info.segments;
  const answer = await send({ method: 'GET', path: writeAddress({ segments, query: [] }), accept: 'application/json' });
  if (answer.status === 200) return objectIn(answer);
  if (![403, 404, 405].includes(answer.status)) throw await refusalOf(answer, plan);
  await leave(answer);
  return undefined;
}

async function objectIn(answer: UpstreamAnswer): Promise<Json> {
  const object = parseJson((await readWhole(answer, MOST_OBJECT)).toString('utf8'));
  if (object !== undefined) return object;
  throw new Problem('target-rejected', {
    detail: 'The API server answered a dry run with something that is no object.',
  });
}

/** What is sent, for the object as it is. */
function prepared(plan: Plan, before: Json): Written {
  const { info, body, headers } = plan;
  if (info.verb === 'delete') {
    const uid = textAt(before, 'metadata', 'uid');
    const preconditions = uid === '' ? {} : { uid };
    return {
      body: writeDeletion(deleteOptions(plan), { preconditions }),
      headers: [['content-type', 'application/json']],
      pinned: uid !== '',
    };
  }
  return repinned(plan, { body, headers, pinned: false }, before);
}

/** A change is made to hold for one version only, unless the caller said for which. */
function repinned(plan: Plan, written: Written, object: Json): Written {
  const { verb } = plan.info;
  const version = textAt(object, 'metadata', 'resourceVersion');
  // Somebody else may make the object meanwhile, and it would then be changed.
  if (version === '' && isApply(plan)) return { ...written, again: true };
  if (written.pinned || version === '' || (verb !== 'patch' && verb !== 'update') || versionIn(plan) !== '')
    return written;
  if (isKeptByServer(plan, object)) return { ...written, again: true };
  const pinned = pin(plan, version);
  if (pinned !== undefined) return { ...pinned, pinned: true };
  throw new Problem('operation-unreadable', {
    detail: 'Send the object as JSON, or with its metadata.resourceVersion: else another version might be overwritten.',
    reason: 'kubernetes:body',
  });
}

/** The server keeps what is applied in an annotation, where there is one: a version in it would stay there, and be applied again. */
const isKeptByServer = (plan: Plan, object: Json) =>
  isApply(plan) && lastApplied in objectAt(object, 'metadata', 'annotations');

const isApply = ({ headers }: Plan) =>
  headers.some(([name, value]) => name === 'content-type' && value === 'application/apply-patch+yaml');

function dryRunOf({ method, info, query, path }: Plan, { body, headers }: Written) {
  const accept = 'application/json';
  if (info.verb === 'delete') {
    const options = objectAt(parseJson(Buffer.from(body).toString('utf8')));
    return { method, path, accept, headers, body: writeDeletion(options, { dryRun: true }) };
  }
  const tried = writeAddress({ segments: info.segments, query: [...query, ['dryRun', 'All']] });
  return { method, path: tried, accept, headers, body };
}

function conclude(plan: Plan, written: Written, before: Json, answered: Json): Preflight {
  const { info, hides, seal } = plan;
  const gone = info.verb === 'delete' || textAt(answered, 'kind') === 'Status';
  const options = { isStatus: info.subresource === 'status' || info.subresource === 'approval' };
  const named = { ...info, name: info.name || textAt(answered, 'metadata', 'name') };
  const [was, is] = [before, gone ? undefined : answered];
  const shown = (object: Json) => shownOf(settled(object, options), hides);
  return {
    judged: { ...written, result: gone ? departureOf(before) : resultOf(shown(is), seal) },
    findings: judge({ info: named, before: was, after: is }),
    changes: gone ? departureOf(before) : changesBetween(shown(was), shown(is)),
  };
}

/** One object, and not another of its name. */
function departureOf(before: Json): string {
  const uid = textAt(before, 'metadata', 'uid');
  return uid === '' ? 'gone' : `gone: ${textAt(before, 'kind')} ${textAt(before, 'metadata', 'name')}, uid ${uid}`;
}
