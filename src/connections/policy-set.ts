import { canonicalJson, sha256 } from '../model/canonical.ts';
import { type DocumentKind, documentKinds, type InvalidDocument, type PolicySet } from '../model/documents.ts';
import type { StoredDocument } from '../platform/store.ts';
import { type Read, readDocument } from './read-document.ts';
import { digestOf, versionOf } from './version.ts';

/** What the listeners brought last, by kind. */
type Collections = Readonly<Record<DocumentKind, readonly StoredDocument[]>>;

/** A policy set and what `resolve` needs besides: the version of each connection. */
export type Snapshot = { policySet: PolicySet; connectionVersions: ReadonlyMap<string, string> };

/** Builds snapshots; a document that did not change since the last one is neither parsed nor hashed again. */
export function createSnapshots(): (collections: Collections) => Snapshot {
  let known = new Map<string, { revision: string; entry: Entry }>();

  return (collections) => {
    const seen: typeof known = new Map();
    const entries = documentKinds.flatMap((kind) =>
      collections[kind].map((document) => {
        const before = known.get(document.path);
        const entry = before?.revision === document.revision ? before.entry : toEntry(kind, document);
        seen.set(document.path, { revision: document.revision, entry });
        return entry;
      }),
    );
    known = seen;
    return toSnapshot(entries);
  };
}

type Entry = { path: string; digest: string; name: string; read: Read };

function toEntry(kind: DocumentKind, { path, data, revision }: StoredDocument): Entry {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return { path, name, digest: digestOf({ data, revision }), read: readDocument(kind, name, data) };
}

function toSnapshot(entries: readonly Entry[]): Snapshot {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const digests = new Map(sorted.map(({ path, digest }) => [path, digest]));
  const policySet = toPolicySet(sorted, versionOf(digests));
  const names = [...policySet.connections.keys()];
  return { policySet, connectionVersions: new Map(names.map((name) => [name, connectionVersion(name, digests)])) };
}

function toPolicySet(entries: readonly Entry[], version: string): PolicySet {
  const connections: Mutable<PolicySet['connections']> = new Map();
  const policies: Mutable<PolicySet['policies']> = new Map();
  const groups: Mutable<PolicySet['groups']> = new Map();
  const classifications: Mutable<PolicySet['classifications']> = new Map();
  const agents: Mutable<PolicySet['agents']> = new Map();
  const invalid: InvalidDocument[] = [];
  for (const { name, read } of entries) {
    if (read.kind === 'connections') connections.set(name, read.document);
    else if (read.kind === 'policies') policies.set(name, read.document);
    else if (read.kind === 'groups') groups.set(name, read.document);
    else if (read.kind === 'classifications') classifications.set(name, read.document);
    else if (read.kind === 'agents') agents.set(name, read.document);
    else invalid.push(read.invalid);
  }
  return { version, connections, policies, groups, classifications, agents, invalid };
}

type Mutable<M> = M extends ReadonlyMap<infer K, infer V> ? Map<K, V> : never;

function connectionVersion(name: string, digests: ReadonlyMap<string, string>) {
  return sha256(canonicalJson([digests.get(`connections/${name}`), digests.get(`classifications/${name}`) ?? null]));
}
