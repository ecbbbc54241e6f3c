import { type Json, type JsonObject, listAt, objectAt, textAt } from './json.ts';
import type { Store } from './store.ts';
import type { User } from './users.ts';

/** What somebody wants to do. `path` alone is about what is no resource. */
export type Wish = {
  verb: string;
  group: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  path?: string;
};

export type Access = {
  allows(user: User, wish: Wish): boolean;
  /** The rules that hold for a user in a namespace, as `SelfSubjectRulesReview` tells them. */
  rulesOf(user: User, namespace: string): readonly JsonObject[];
};

const rbac = (name: string) => ({ group: 'rbac.authorization.k8s.io', name });
const masters: JsonObject = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
const openPaths = ['/api', '/apis', '/version', '/openapi', '/healthz', '/livez', '/readyz'];

/** Roles and bindings as they are in the store at that moment (RBAC); the group `system:masters` may do anything. */
export function createAccess(store: Store): Access {
  function rulesOf(user: User, namespace: string): readonly JsonObject[] {
    if (user.groups.includes('system:masters')) return [masters];
    const bindings = [
      ...store.list(rbac('clusterrolebindings'), ''),
      ...(namespace === '' ? [] : store.list(rbac('rolebindings'), namespace)),
    ];
    const bound = bindings.filter((binding) => listAt(binding, 'subjects').some((subject) => isMeant(subject, user)));
    return bound.flatMap((binding) => {
      const isRole = textAt(binding, 'roleRef', 'kind') === 'Role';
      const role = store.get(
        rbac(isRole ? 'roles' : 'clusterroles'),
        isRole ? namespace : '',
        textAt(binding, 'roleRef', 'name'),
      );
      return listAt(role, 'rules').map((rule) => objectAt(rule));
    });
  }

  return {
    rulesOf,
    allows(user, wish) {
      if (wish.path !== undefined) {
        const { path } = wish;
        return isMaster(user) || openPaths.some((open) => path === open || path.startsWith(`${open}/`));
      }
      if (wish.resource.startsWith('selfsubject')) return true;
      return rulesOf(user, wish.namespace).some((rule) => permits(rule, wish));
    },
  };
}

function isMaster({ groups }: User) {
  return groups.includes('system:masters');
}

function isMeant(subject: Json, user: User): boolean {
  const name = textAt(subject, 'name');
  switch (textAt(subject, 'kind')) {
    case 'User':
      return name === user.name;
    case 'Group':
      return user.groups.includes(name);
    case 'ServiceAccount':
      return user.name === `system:serviceaccount:${textAt(subject, 'namespace')}:${name}`;
    default:
      return false;
  }
}

function permits(rule: JsonObject, { verb, group, resource, subresource, name }: Wish): boolean {
  const asked = subresource === '' ? resource : `${resource}/${subresource}`;
  const names = listAt(rule, 'resourceNames');
  return (
    has(rule, 'verbs', verb) &&
    has(rule, 'apiGroups', group) &&
    (has(rule, 'resources', asked) || listAt(rule, 'resources').includes(`*/${subresource}`)) &&
    (names.length === 0 || names.includes(name))
  );
}

function has(rule: JsonObject, field: string, value: string): boolean {
  const listed = listAt(rule, field);
  return listed.includes('*') || listed.includes(value);
}
