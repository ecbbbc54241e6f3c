import type { Wish } from './access.ts';
import type { Cluster } from './cluster.ts';
import { type JsonObject, listAt, objectAt, textAt } from './json.ts';
import type { Resource } from './resources.ts';
import type { User } from './users.ts';

/** Objects that are questions: the answer is their `status`, and nothing is kept. Undefined for any other kind. */
export function review(
  cluster: Cluster,
  { kind, group, version }: Resource,
  asked: JsonObject,
  user: User,
): JsonObject | undefined {
  const answer = answers[kind];
  if (answer === undefined) return undefined;
  const spec = objectAt(asked, 'spec');
  const metadata = { creationTimestamp: null, ...objectAt(asked, 'metadata') };
  return {
    kind,
    apiVersion: `${group}/${version}`,
    ...asked,
    metadata,
    ...(kind !== 'SelfSubjectReview' && { spec }),
    status: answer(cluster, spec, user),
  };
}

type Answer = (cluster: Cluster, spec: JsonObject, user: User) => JsonObject;

const access: Answer = ({ access }, spec, user) => {
  const allowed = access.allows(user, wishOf(spec));
  return { allowed, ...(allowed && { reason: 'RBAC: allowed' }) };
};

const other: Answer = (cluster, spec) =>
  access(cluster, spec, { name: textAt(spec, 'user'), groups: listAt(spec, 'groups').map(String) });

const answers: Readonly<Record<string, Answer>> = {
  SelfSubjectAccessReview: access,
  SubjectAccessReview: other,
  LocalSubjectAccessReview: other,
  SelfSubjectReview: (_, __, { name, groups, uid }) => ({
    userInfo: { username: name, groups: [...groups], ...(uid !== undefined && { uid }) },
  }),
  SelfSubjectRulesReview: ({ access }, spec, user) => ({
    resourceRules: [...access.rulesOf(user, textAt(spec, 'namespace') || 'default')],
    nonResourceRules: [
      { nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/version', '/healthz'], verbs: ['get'] },
    ],
    incomplete: false,
  }),
  TokenReview: ({ users }, spec) => {
    const found = users.of(textAt(spec, 'token'));
    if (found === undefined) return { authenticated: false, error: 'invalid bearer token' };
    return { authenticated: true, user: { username: found.name, groups: [...found.groups] } };
  },
};

function wishOf(spec: JsonObject): Wish {
  const of = objectAt(spec, 'resourceAttributes');
  const [resource = '', sub = ''] = textAt(of, 'resource').split('/');
  return {
    verb: textAt(of, 'verb') || textAt(spec, 'nonResourceAttributes', 'verb'),
    group: textAt(of, 'group'),
    resource,
    subresource: textAt(of, 'subresource') || sub,
    namespace: textAt(of, 'namespace'),
    name: textAt(of, 'name'),
    ...(spec['nonResourceAttributes'] !== undefined && { path: textAt(spec, 'nonResourceAttributes', 'path') }),
  };
}
