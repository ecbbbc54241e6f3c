import { Problem } from '../../model/problem.ts';
import type { Body } from '../../model/result.ts';
import type { Caller, Execution } from '../target.ts';
import { wholeBody } from './answers.ts';
import { type Json, type JsonObject, objectAt, parseJson, textAt } from './json.ts';
import type { Plan } from './plan.ts';
import { bytesIn, fieldsOf, openEnvelope, textIn } from './protobuf.ts';
import { never, unreadable } from './refusal.ts';
import { builtIns, isApiVerb } from './rules/built-in.ts';
import { servedPath } from './rules/paths.ts';
import type { Settings } from './settings.ts';
import { meaningOf, type Subject } from './verbs.ts';

type Review = { spec: JsonObject; caller: Caller; custom: readonly string[] };

/** What a caller asks of itself: the server would describe the gateway, so policy answers (`kubectl auth can-i`, `auth whoami`). */
export function answerOwn({ info, body, headers }: Plan, { caller, settings }: Execution<Settings>): Body {
  const known = reviews[info.resource];
  if (known === undefined) throw never('unknown-resource', 'Nobody reviews the tokens of others through the gateway.');
  const spec = specIn(body, headers, info.resource);
  const answer = {
    kind: known.kind,
    apiVersion: `${info.group}/${info.version}`,
    metadata: {},
    ...(Object.keys(spec).length > 0 && { spec }),
    status: known.status({ spec, caller, custom: settings.custom_resources }),
  };
  return wholeBody(201, [['content-type', 'application/json']], { bytes: Buffer.from(JSON.stringify(answer)) });
}

const reviews: Readonly<Record<string, { kind: string; status: (review: Review) => Json }>> = {
  selfsubjectaccessreviews: { kind: 'SelfSubjectAccessReview', status: mayI },
  selfsubjectrulesreviews: { kind: 'SelfSubjectRulesReview', status: whatMayI },
  selfsubjectreviews: {
    kind: 'SelfSubjectReview',
    status: ({ caller }) => ({ userInfo: { username: caller.member, groups: [...caller.groups] } }),
  },
};

type Verdict = ReturnType<Caller['may']>;

function mayI({ spec, caller, custom }: Review): Json {
  const verdict =
    'nonResourceAttributes' in spec
      ? mayReach(objectAt(spec, 'nonResourceAttributes'), caller)
      : mayTouch(objectAt(spec, 'resourceAttributes'), caller, custom);
  if (verdict === 'ask') return { allowed: true, reason: 'sallyport: once a human has approved it' };
  return verdict === 'allow' ? { allowed: true } : { allowed: false, reason: 'sallyport: no policy allows it' };
}

function mayTouch(attributes: JsonObject, caller: Caller, custom: readonly string[]): Verdict {
  const subject = {
    verb: textAt(attributes, 'verb'),
    group: textAt(attributes, 'group'),
    resource: textAt(attributes, 'resource'),
    subresource: textAt(attributes, 'subresource'),
    namespace: textAt(attributes, 'namespace'),
    name: textAt(attributes, 'name'),
  };
  if (subject.verb !== '*') return verdictOn(subject, caller, custom);
  const known = builtIns.get(subject.group === '' ? subject.resource : `${subject.resource}.${subject.group}`);
  const verdicts = Object.keys(known?.meanings ?? {}).map((verb) => verdictOn({ ...subject, verb }, caller, custom));
  if (verdicts.length === 0 || verdicts.includes('deny')) return 'deny';
  return verdicts.includes('ask') ? 'ask' : 'allow';
}

/** What is never served is denied like what no policy allows. */
function verdictOn(subject: Subject, caller: Caller, custom: readonly string[]): Verdict {
  if (!isApiVerb(subject.verb)) return 'deny';
  return unlessRefused(() => caller.may(meaningOf(subject, custom)));
}

function mayReach(attributes: JsonObject, caller: Caller): Verdict {
  const segments = textAt(attributes, 'path')
    .split('/')
    .filter((segment) => segment !== '');
  const nothing = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
  return unlessRefused(() => {
    servedPath({ ...nothing, isResource: false, verb: textAt(attributes, 'verb').toLowerCase(), segments });
    return caller.may({ verb: 'read', risks: [], resources: [] });
  });
}

function unlessRefused(verdict: () => Verdict): Verdict {
  try {
    return verdict();
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.code === 'denied') return 'deny';
    throw thrown;
  }
}

/** Of everything that Kubernetes brings itself; what policies say of single objects is not in it, so it is never complete. */
function whatMayI({ spec, caller, custom }: Review): Json {
  const namespace = textAt(spec, 'namespace');
  const rules = [...builtIns].flatMap(([title, { namespaced, meanings, subresources }]) => {
    const [resource = '', ...group] = title.split('.');
    const place = { group: group.join('.'), resource, namespace: namespaced ? namespace : '', name: '' };
    return [['', meanings] as const, ...Object.entries(subresources)].flatMap(([subresource, verbs]) => {
      const allowed = Object.keys(verbs).filter(
        (verb) => verdictOn({ ...place, verb, subresource }, caller, custom) !== 'deny',
      );
      if (allowed.length === 0) return [];
      const name = subresource === '' ? resource : `${resource}/${subresource}`;
      return [{ verbs: allowed, apiGroups: [place.group], resources: [name] }];
    });
  });
  const paths = caller.may({ verb: 'read', risks: [], resources: [] }) === 'deny' ? [] : served;
  return {
    resourceRules: rules,
    nonResourceRules: paths.map((path) => ({ verbs: ['get'], nonResourceURLs: [path] })),
    incomplete: true,
    evaluationError: 'policies may say otherwise of single objects',
  };
}

const served = ['/version', '/api', '/api/*', '/apis', '/apis/*', '/openapi/*', '/healthz', '/livez', '/readyz'];

function specIn(body: Uint8Array, headers: Plan['headers'], resource: string): JsonObject {
  const isProtobuf = headers.some(([name, value]) => name === 'content-type' && value.includes('protobuf'));
  if (!isProtobuf) return objectAt(parseJson(Buffer.from(body).toString('utf8')), 'spec');
  const object = fieldsOf(openEnvelope(body)?.raw ?? new Uint8Array());
  const spec = object === undefined ? undefined : fieldsOf(bytesIn(object, 2));
  if (spec === undefined) throw unreadable('body', 'Send the review as JSON.');
  if (resource === 'selfsubjectrulesreviews') return { namespace: textIn(spec, 1) };
  if (resource !== 'selfsubjectaccessreviews') return {};
  const [attributes, path] = [fieldsOf(bytesIn(spec, 1)), fieldsOf(bytesIn(spec, 2))];
  if (path !== undefined && path.length > 0)
    return { nonResourceAttributes: { path: textIn(path, 1), verb: textIn(path, 2) } };
  const names = ['namespace', 'verb', 'group', 'version', 'resource', 'subresource', 'name'];
  return {
    resourceAttributes: Object.fromEntries(names.map((name, index) => [name, textIn(attributes ?? [], index + 1)])),
  };
}
