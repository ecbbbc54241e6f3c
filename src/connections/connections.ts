import type { Classification, Connection } from '../model/connection.ts';
import { type ClassificationDocument, type DocumentKind, documentKinds, type PolicySet } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';
import type { Logger } from '../platform/logger.ts';
import type { Revision, Store, StoredDocument } from '../platform/store.ts';
import { isBeat } from './heartbeat.ts';
import { createSnapshots, type Snapshot } from './policy-set.ts';

export { createDocuments, type Documents, type StoredPolicyDocument } from './documents.ts';
export { beat } from './heartbeat.ts';
export { createLedger, type Ledger, type LedgerEntry } from './ledger.ts';
export { createWatch } from './watch.ts';

/** Live copies of the documents in force. */
export type Connections = {
  /** Listens; resolves once everything was seen for the first time. Until then all below refuse. */
  start(): Promise<void>;
  /** All that is in force. Throws `policy-unavailable` when that is not known for sure. */
  current(): PolicySet;
  /** Throws `not-found`, and `policy-unavailable` when the connection or its classification does not parse. */
  resolve(name: string): Connection;
  /** Whether `current` would answer. */
  fresh(): boolean;
  stop(): void;
};

export type ConnectionsDeps = {
  /** The policy database. */
  store: Store;
  log: Pick<Logger, 'warn' | 'error'>;
  /** Milliseconds the documents count as known after the last sign that listening works. */
  freshness?: number;
  /** Milliseconds that no change of the wall clock can move. */
  elapsed?: () => number;
};

/**
 * Connections, policies, groups, classifications and agents, held in memory by listeners. They count as known while each of
 * them has brought its documents and not failed since, and while a beat of each collection arrived within the freshness bound;
 * the arrival is measured here, as the keeper's clock and ours may differ.
 */
export function createConnections(deps: ConnectionsDeps): Connections {
  const { store, log, freshness = 30_000, elapsed = () => performance.now() } = deps;
  const missing = new Set<DocumentKind>(documentKinds);
  const collections: Record<DocumentKind, readonly StoredDocument[]> = {
    connections: [],
    policies: [],
    groups: [],
    classifications: [],
    agents: [],
  };
  const snapshotOf = createSnapshots();
  const { promise: seenAll, resolve: seeAll } = Promise.withResolvers<void>();
  let stops: (() => void)[] = [];
  let snapshot: Snapshot | undefined;
  let resolved = new Map<string, Connection>();
  const heard = new Map<DocumentKind, { at: number; beat: Revision | undefined }>();

  function arrived(kind: DocumentKind, brought: readonly StoredDocument[]) {
    const documents = brought.filter((document) => !isBeat(document));
    const beat = brought.find(isBeat)?.revision;
    const first = missing.delete(kind);
    if (first || beat !== heard.get(kind)?.beat) heard.set(kind, { at: elapsed(), beat });
    const changed = first || !areSame(documents, collections[kind]);
    collections[kind] = documents;
    if (missing.size > 0) return;
    if (changed) swap();
    seeAll();
  }

  function swap() {
    snapshot = snapshotOf(collections);
    resolved = new Map();
    for (const { kind, name, error } of snapshot.policySet.invalid)
      log.error(
        { document: `${kind}/${name}`, problem: error },
        'A document does not parse; what it touches is refused.',
      );
  }

  function failed(kind: DocumentKind, error: unknown) {
    missing.add(kind);
    log.warn(
      { source: kind, error },
      'Listening to the policy database failed; calls are refused until it works again.',
    );
  }

  const isFresh = () =>
    missing.size === 0 && documentKinds.every((kind) => elapsed() - (heard.get(kind)?.at ?? Number.NaN) <= freshness);

  function known(): Snapshot {
    if (snapshot === undefined || !isFresh())
      throw new Problem('policy-unavailable', { reason: 'stale', retryAfter: 5 });
    return snapshot;
  }

  return {
    async start() {
      stops = documentKinds.map((kind) =>
        store.listen(
          kind,
          (documents) => arrived(kind, documents),
          (error) => failed(kind, error),
        ),
      );
      await seenAll;
    },

    current: () => known().policySet,

    resolve(name) {
      const now = known();
      const connection = resolved.get(name) ?? toConnection(now, name);
      resolved.set(name, connection);
      return connection;
    },

    fresh: () => snapshot !== undefined && isFresh(),

    stop() {
      for (const stop of stops) stop();
      for (const kind of documentKinds) missing.add(kind);
    },
  };
}

function areSame(some: readonly StoredDocument[], others: readonly StoredDocument[]) {
  const isSame = ({ path, revision }: StoredDocument, index: number) =>
    others[index]?.path === path && others[index].revision === revision;
  return some.length === others.length && some.every(isSame);
}

function toConnection({ policySet, connectionVersions }: Snapshot, name: string): Connection {
  const broken = policySet.invalid.find(
    (document) => document.name === name && (document.kind === 'connections' || document.kind === 'classifications'),
  );
  if (broken) throw new Problem('policy-unavailable', { reason: `invalid:${broken.kind}/${name}` });
  const document = policySet.connections.get(name);
  const version = connectionVersions.get(name);
  if (document === undefined || version === undefined) throw new Problem('not-found', { reason: 'unknown-connection' });
  const { transforms, ...relations } = policySet.classifications.get(name) ?? { transforms: {} };
  const classification = toClassification(relations);
  return { name, version, document, classification, transforms: new Map(Object.entries(transforms)) };
}

/** Maps, so that no relation or column can be mistaken for something an object has by itself. */
function toClassification(relations: Omit<ClassificationDocument, 'transforms'>): Classification {
  return new Map(
    Object.entries(relations).map(([relation, columns]) => [relation, new Map(Object.entries(columns))] as const),
  );
}
