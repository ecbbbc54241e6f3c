import { type Access, createAccess } from './access.ts';
import { listAt, objectAt, textAt } from './json.ts';
import { createObjects, type Objects } from './objects.ts';
import { builtInResources, type Resource } from './resources.ts';
import { NoSuchPage, noSuchPath } from './status.ts';
import { createStore, type Store } from './store.ts';
import { createUsers, type User, type Users } from './users.ts';

/** All that the server knows. */
export type Cluster = {
  store: Store;
  objects: Objects;
  users: Users;
  access: Access;
  now: () => Date;
  /** What is served at this moment, custom kinds too. */
  resources(): readonly Resource[];
  /** Throws a 404 for what is not served. */
  resourceAt(place: { group: string; version: string; resource: string }): Resource;
};

export function createCluster(options: { tokens: Readonly<Record<string, User>>; now: () => Date }): Cluster {
  const { tokens, now } = options;
  const store = createStore();
  const resources = () => [...builtInResources, ...customResources(store)];
  return {
    store,
    objects: createObjects({ store, now, kinds: resources }),
    users: createUsers(tokens),
    access: createAccess(store),
    now,
    resources,
    resourceAt({ group, version, resource }) {
      const found = resources().find((one) => one.group === group && one.version === version && one.name === resource);
      if (found !== undefined) return found;
      const isServed = resources().some((one) => one.group === group && one.version === version);
      throw isServed ? noSuchPath() : new NoSuchPage();
    },
  };
}

/** A resource for each served version of each definition. */
function customResources(store: Store): readonly Resource[] {
  const definitions = store.list({ group: 'apiextensions.k8s.io', name: 'customresourcedefinitions' }, '');
  return definitions.flatMap((definition) => {
    const names = objectAt(definition, 'spec', 'names');
    const kind = textAt(names, 'kind');
    const group = textAt(definition, 'spec', 'group');
    return listAt(definition, 'spec', 'versions').map((one): Resource => {
      const version = textAt(one, 'name');
      const changed = ['get', 'patch', 'update'];
      const hasStatus = Object.hasOwn(objectAt(one, 'subresources'), 'status');
      return {
        ...{ group, version, kind, name: textAt(names, 'plural') },
        singular: textAt(names, 'singular') || kind.toLowerCase(),
        namespaced: textAt(definition, 'spec', 'scope') === 'Namespaced',
        shortNames: listAt(names, 'shortNames').map(String),
        categories: listAt(names, 'categories').map(String),
        verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
        subresources: hasStatus ? [{ name: 'status', group, version, kind, verbs: changed }] : [],
        custom: true,
      };
    });
  });
}
