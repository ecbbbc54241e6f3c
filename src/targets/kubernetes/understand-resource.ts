import type { Risk } from '../../model/documents.ts';
import type { HttpRequest } from '../../model/http-request.ts';
import type { Mask, Operation } from '../../model/operation.ts';
import type { Context } from '../target.ts';
import { answerMasks, masksFor } from './answer-masks.ts';
import { fieldTerms } from './field-selector.ts';
import { isBuiltIn, refuseSentinel } from './masks/masks.ts';
import { type Address, firstOf, type Query, writeAddress } from './path.ts';
import type { Answering, Plan } from './plan.ts';
import { never, unreadable } from './refusal.ts';
import type { RequestInfo } from './request-info.ts';
import { type Body, readBody } from './rules/body.ts';
import { type ApiVerb, isApiVerb } from './rules/built-in.ts';
import { accepted } from './rules/media-types.ts';
import { type Asked, readParameters } from './rules/parameters.ts';
import { readChanges, refuseTelling } from './rules/patches.ts';
import { isSession, understandSession } from './sessions/sessions.ts';
import type { Settings } from './settings.ts';
import { recordedStatement, statementOf } from './statement.ts';
import { meaningOf, refuseScope, type Understood } from './verbs.ts';

type Asking = { request: HttpRequest; address: Address; info: RequestInfo };

/** What a request for a resource means, and how it is sent. */
export function understandResource(
  { request, address: { segments, query: raw }, info }: Asking,
  { custom_resources: custom }: Settings,
  context: Context,
): Operation<Plan> {
  const { unmask, seal } = context;
  const { method } = request;
  const { verb } = info;
  if (!isApiVerb(verb)) throw never('method', 'No resource is served with this method.');
  refuseNames(info);
  const understood = meaningOf(info, custom);
  refuseScope(info, understood);
  const asked = askedOf(info, verb, understood);
  const query = readParameters(raw, asked);
  const upgrade = upgradeOf(request, asked);
  const body = upgrade === undefined ? readBody(request, verb) : noBody(request);
  refuseBreaking(body, verb);
  const hidden = masksFor(info, context, []);
  refuseOracles(body, query, { ...understood, classified: hidden.classes.length > 0 });
  refuseSentinel(bytesOf(body), hidden.holdsSentinel);

  const session =
    isSession(asked) && upgrade !== undefined ? understandSession(asked, { query, upgrade, seal }) : undefined;
  const address = { segments, query };
  const headers = body.type === 'none' ? [] : [['content-type', body.contentType] as const];
  // A client that is refused one way of staying connected tries another, with another method: what runs is the same.
  const parts = { method: session === undefined ? method : 'GET', address, headers, body };
  const secret = understood.known?.secret === true;
  const resources = touched(info, body, custom, understood);
  const answer = answerOf(info, asked, understood);
  return {
    kind: 'kubernetes',
    verb: understood.verb,
    risks: risksOf(understood, isUnbounded(verb, query) ? ['unbounded'] : (session?.risks ?? [])),
    resources,
    classes: hidden.classes,
    statement: session === undefined ? statementOf(parts) : `${statementOf(parts)}\n\n${session.text}`,
    parameters: [],
    recorded: {
      statement: session?.recorded(parts) ?? recordedStatement(parts, { seal, secret, hides: hidden.json }),
      parameters: [],
    },
    masks: hidden.classes.flatMap((name) => resources.map((resource) => maskOf(resource, name, context))),
    warnings: session?.warnings ?? [],
    estimates: {},
    ...(isLive(answer, query) && { live: true }),
    plan: {
      info,
      method: parts.method,
      path: writeAddress(address),
      query,
      accept: accepted(request.headers.get('accept'), acceptable(info, answer)),
      headers,
      body: bytesOf(body),
      answer,
      ...(session !== undefined && { session: session.plan }),
      unmask,
      ...answerMasks(info, context),
    },
  };
}

/** Kubernetes’ own masks, and tokens where the classification says so; nothing else could be told when it is written back. */
const maskOf = (resource: string, name: string, { connection }: Context): Mask => ({
  ...{ resource, class: name, transform: connection.transforms.get(name) === 'token' ? 'token' : 'redact' },
});

/** Names that would be read as patterns or as part of the path, and paths that say more than what was understood of them. */
function refuseNames({ segments, group, version, resource, subresource, namespace, name, verb }: RequestInfo) {
  const words = [group, version, resource, subresource, namespace];
  if (!words.every((word) => /^[a-z0-9.-]*$/.test(word)) || name.includes('*'))
    throw never(
      'path',
      'Groups, resources and namespaces are written in lower-case letters, digits, dots and dashes; no name holds `*`.',
    );
  const place = namespace === '' || resource === 'namespaces' ? [] : ['namespaces', namespace];
  const rest = [resource, verb === 'list' || verb === 'watch' ? '' : name, subresource].filter((word) => word !== '');
  const whole = [...(group === '' ? ['api'] : ['apis', group]), version, ...place, ...rest];
  if (whole.join('/') !== segments.join('/')) throw never('unknown-path', 'Nothing is served below a subresource.');
}

function askedOf({ resource, subresource, group }: RequestInfo, verb: ApiVerb, { known }: Understood): Asked {
  if (known === undefined || group !== '' || resource !== 'pods') return verb;
  return subresource === 'log' || subresource === 'exec' || subresource === 'attach' || subresource === 'portforward'
    ? subresource
    : verb;
}

/** Upgrades are for sessions alone: a list would be watched over one, past all that masks it. */
function upgradeOf({ upgrade, headers }: HttpRequest, asked: Asked): HttpRequest['upgrade'] {
  if (isSession(asked)) {
    if (upgrade === undefined) throw unreadable('upgrade', 'This is asked for with an upgrade to a WebSocket.');
    if (upgrade.protocols.some((protocol) => /^base64url\.bearer\./i.test(protocol)))
      throw never('upgrade', 'Send the token as Authorization, not as a subprotocol.');
    if (upgrade.to !== 'spdy/3.1') return upgrade;
    const versions = headers.get('x-stream-protocol-version') ?? '';
    return { to: upgrade.to, protocols: versions.split(/\s*,\s*/) };
  }
  if (upgrade !== undefined) throw never('upgrade', 'Only exec, attach and port-forward of pods are upgraded.');
  return undefined;
}

function noBody({ body }: HttpRequest): Body {
  if (body.byteLength > 0) throw unreadable('body', 'Send no body to open a connection.');
  return { type: 'none' };
}

/** An option that deletes what cannot be read, past all checks of the server (Kubernetes 1.32). */
const breaking = 'ignoreStoreReadErrorWithClusterBreakingPotential';

function refuseBreaking(body: Body, verb: ApiVerb) {
  if (verb !== 'delete' && verb !== 'deletecollection') return;
  if (body.type !== 'json' || typeof body.value !== 'object' || body.value === null) return;
  if (breaking in body.value) throw never('body', `Leave out ${breaking}.`);
  // Whatever it says it is, it would be sent as what a deletion takes.
  if ('kind' in body.value && body.value.kind !== 'DeleteOptions')
    throw unreadable('body', 'Send DeleteOptions, or no body.');
}

/** What would tell of masked values by whether it succeeds, or by what it finds. */
function refuseOracles(body: Body, query: Query, { known, classified }: Understood & { classified: boolean }) {
  if (body.type === 'json-patch') refuseTelling(readChanges(body.value), { classified });
  const terms = fieldTerms(firstOf(query, 'fieldSelector') ?? '') ?? [];
  if (known === undefined && terms.some(({ field }) => !/^metadata\.(name|namespace)$/.test(field)))
    throw never('query', 'Select by metadata.name or metadata.namespace: other fields may be masked.');
}

/** A field selector leaves one name only where the server itself keeps what is selected. */
function touched(
  info: RequestInfo,
  body: Body,
  custom: readonly string[],
  { known, resources }: Understood,
): readonly string[] {
  if ((info.verb === 'list' || info.verb === 'watch') && (known === undefined || info.group === 'metrics.k8s.io'))
    return meaningOf({ ...info, name: '' }, custom).resources;
  if (info.verb !== 'create' || info.name !== '') return resources;
  return meaningOf({ ...info, name: nameIn(body) }, custom).resources;
}

/** The name that an object is created under; empty where the server makes one up, or where it cannot be read here. */
function nameIn(body: Body): string {
  if (body.type !== 'json' || typeof body.value !== 'object' || body.value === null) return '';
  const metadata: unknown = Reflect.get(body.value, 'metadata');
  const name: unknown = typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'name') : undefined;
  return typeof name === 'string' && !/[*/]/.test(name) ? name : '';
}

const risksOf = ({ risks }: Understood, more: readonly Risk[]) => [...new Set([...risks, ...more])];

const isUnbounded = (verb: ApiVerb, query: Query) =>
  verb === 'deletecollection' && !firstOf(query, 'labelSelector') && !firstOf(query, 'fieldSelector');

function answerOf({ verb }: RequestInfo, asked: Asked, { known }: Understood): Answering {
  if (known?.own) return 'own';
  if (asked === 'log') return 'log';
  if (isSession(asked)) return 'session';
  return verb === 'watch' ? 'watch' : 'object';
}

/** Only the first event of a watch names the columns of a Table, and cells of other kinds than Kubernetes’ own are masked by them. */
function acceptable(info: RequestInfo, answer: Answering): 'object' | 'objects' | 'text' {
  if (answer === 'log' || answer === 'session') return 'text';
  return answer === 'watch' && !isBuiltIn(info) ? 'objects' : 'object';
}

function isLive(answer: Answering, query: Query): boolean {
  return answer === 'watch' || answer === 'session' || (answer === 'log' && firstOf(query, 'follow') === 'true');
}

function bytesOf(body: Body): Uint8Array {
  if (body.type === 'none') return new Uint8Array();
  return body.type === 'protobuf' ? body.bytes : Buffer.from(body.text);
}
