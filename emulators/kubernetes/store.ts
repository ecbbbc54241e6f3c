import { type JsonObject, textAt } from './json.ts';
import { qualified, type Resource } from './resources.ts';
import { expired } from './status.ts';

/** What became of an object. Objects in the store are never changed in place. */
export type Change = {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: JsonObject;
  previous?: JsonObject;
  revision: number;
};

type Kept = Pick<Resource, 'group' | 'name'>;

export type Store = {
  revision(): number;
  get(resource: Kept, namespace: string, name: string): JsonObject | undefined;
  /** By namespace and name; of all namespaces where it is empty. */
  list(resource: Kept, namespace: string): readonly JsonObject[];
  /** Returns the object with its new `resourceVersion`. */
  put(resource: Kept, object: JsonObject): JsonObject;
  remove(resource: Kept, object: JsonObject): JsonObject;
  /** What happened after that revision, and from then on each change as it happens. Throws a 410 for what is forgotten. */
  follow(resource: Kept, namespace: string, after: number, tell: (change: Change) => void): () => void;
  /** Told of each change of anything, after whoever follows. */
  onChange(tell: (resource: Kept, change: Change) => void): void;
};

const REMEMBERED = 20_000;

export function createStore(): Store {
  const kinds = new Map<string, Map<string, JsonObject>>();
  const past: { kind: string; namespace: string; change: Change }[] = [];
  const followers = new Set<{ kind: string; namespace: string; tell: (change: Change) => void }>();
  const observers: ((resource: Kept, change: Change) => void)[] = [];
  let revision = 1000;
  let forgotten = revision;

  function objectsOf(resource: Kept): Map<string, JsonObject> {
    const kind = qualified(resource);
    const known = kinds.get(kind) ?? new Map<string, JsonObject>();
    kinds.set(kind, known);
    return known;
  }

  function publish(resource: Kept, change: Change) {
    const kind = qualified(resource);
    const namespace = namespaceOf(change.object);
    past.push({ kind, namespace, change });
    if (past.length > REMEMBERED) forgotten = past.shift()?.change.revision ?? forgotten;
    for (const one of [...followers]) if (concerns(one, kind, namespace)) one.tell(change);
    for (const tell of observers) tell(resource, change);
  }

  function stamped(object: JsonObject): JsonObject {
    revision += 1;
    const metadata = { ...(object['metadata'] as JsonObject), resourceVersion: String(revision) };
    return { ...object, metadata };
  }

  return {
    revision: () => revision,
    get: (resource, namespace, name) => objectsOf(resource).get(`${namespace}/${name}`),
    list(resource, namespace) {
      const entries = [...objectsOf(resource)].filter(
        ([, object]) => namespace === '' || namespaceOf(object) === namespace,
      );
      return entries.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, object]) => object);
    },
    put(resource, given) {
      const key = keyOf(given);
      const previous = objectsOf(resource).get(key);
      const object = stamped(given);
      objectsOf(resource).set(key, object);
      const type = previous === undefined ? 'ADDED' : 'MODIFIED';
      publish(resource, { type, object, revision, ...(previous !== undefined && { previous }) });
      return object;
    },
    remove(resource, given) {
      const object = stamped(given);
      objectsOf(resource).delete(keyOf(given));
      publish(resource, { type: 'DELETED', object, previous: given, revision });
      return object;
    },
    follow(resource, namespace, after, tell) {
      if (after < forgotten) throw expired();
      const follower = { kind: qualified(resource), namespace, tell };
      for (const one of past) {
        if (one.change.revision > after && concerns(follower, one.kind, one.namespace)) tell(one.change);
      }
      followers.add(follower);
      return () => void followers.delete(follower);
    },
    onChange: (tell) => void observers.push(tell),
  };
}

function concerns(follower: { kind: string; namespace: string }, kind: string, namespace: string): boolean {
  return follower.kind === kind && (follower.namespace === '' || follower.namespace === namespace);
}

export function namespaceOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'namespace');
}

export function nameOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'name');
}

function keyOf(object: JsonObject): string {
  return `${namespaceOf(object)}/${nameOf(object)}`;
}
