import type { DocumentData, DocumentSnapshot, Firestore, Query, QuerySnapshot } from '@google-cloud/firestore';
import { commitOnce, revisionOf } from './firestore-commit.ts';
import { decodeData } from './firestore-values.ts';
import type { Store, StoredDocument, StoreQuery } from './store.ts';
import { createUnaryCalls } from './unary-call.ts';

export type FirestoreOptions = {
  projectId: string;
  databaseId: string;
  /** `host:port` of an emulator: no TLS and no credentials. */
  emulatorHost?: string;
  /** Milliseconds one read or one commit may take. */
  deadline?: number;
};

/**
 * A Store in one Firestore database. Reads fail after the deadline; what a failed commit throws is said in
 * `commitOnce`. Google's client is loaded here and not before, as its import alone takes a quarter of a second.
 */
export async function createFirestoreStore(options: FirestoreOptions): Promise<Store & { close(): Promise<void> }> {
  const { deadline = 5000 } = options;
  const { client, calls, protobuf } = await openClients(options);
  const root = `projects/${options.projectId}/databases/${options.databaseId}`;

  return {
    async get(path) {
      const snapshot = await within(deadline, client.doc(path).get());
      return snapshot.exists ? toDocument(snapshot) : undefined;
    },

    async query(query) {
      const snapshot = await within(deadline, toQuery(client, query).get());
      return toDocuments(snapshot);
    },

    async count(query) {
      const snapshot = await within(deadline, filtered(client, query).count().get());
      return snapshot.data().count;
    },

    commit: (writes) => commitOnce({ calls, protobuf, root, deadline }, writes),

    listen: (path, onChange, onError) => listenForEver(client, path, onChange, onError),

    async close() {
      await Promise.all([client.terminate(), calls.close()]);
    },
  };
}

/**
 * Two clients of one database: Google's own for reads and listeners, and calls of our own for commits, because the former's
 * batches can neither replace a whole document under a precondition (`update` merges, `set` takes none) nor be kept from
 * retrying a commit whose first try may have been applied; and as each operation waits for two commits, they must cost little.
 */
async function openClients({ projectId, databaseId, emulatorHost }: FirestoreOptions) {
  const [{ Firestore }, { protobufMinimal: protobuf }] = await Promise.all([
    import('@google-cloud/firestore'),
    import('google-gax'),
  ]);
  const settings = { projectId, databaseId };
  if (emulatorHost === undefined) {
    const calls = createUnaryCalls({ origin: SERVICE, credentials: await googleCredentials() });
    return { client: new Firestore(settings), calls, protobuf };
  }
  return {
    client: new Firestore({ ...settings, host: emulatorHost, ssl: false }),
    calls: createUnaryCalls({ origin: `http://${emulatorHost}`, credentials: async () => ({}) }),
    protobuf,
  };
}

const SERVICE = 'https://firestore.googleapis.com';

/** Of the environment, as Google's own clients find them; its tokens are kept and renewed there. */
async function googleCredentials() {
  const { GoogleAuth } = await import('google-auth-library');
  const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/datastore' });
  return async () => Object.fromEntries(await auth.getRequestHeaders(SERVICE));
}

function toQuery(client: Firestore, { orderBy = [], limit, ...query }: StoreQuery): Query {
  const start = filtered(client, query);
  return orderBy.reduce((query, [field, direction]) => query.orderBy(field, direction), start).limit(limit);
}

function filtered(client: Firestore, { collection, where = [] }: Pick<StoreQuery, 'collection' | 'where'>): Query {
  return where.reduce<Query>(
    (query, [field, op, value]) => query.where(field, op, value),
    client.collection(collection),
  );
}

/** Subscribes anew after an error, which is reported, with a growing pause of at most 10 s. */
function listenForEver(
  client: Firestore,
  path: string,
  onChange: (documents: readonly StoredDocument[]) => void,
  onError: (error: unknown) => void,
): () => void {
  let stopped = false;
  let pause = firstPause;
  let unsubscribe = () => {};
  let timer: NodeJS.Timeout | undefined;

  const changed = (documents: readonly StoredDocument[]) => {
    if (stopped) return;
    pause = firstPause;
    onChange(documents);
  };
  const failed = (error: unknown) => {
    if (stopped) return;
    onError(error);
    timer = setTimeout(subscribe, pause);
    pause = Math.min(pause * 2, longestPause);
  };
  function subscribe() {
    unsubscribe = isDocumentPath(path)
      ? client.doc(path).onSnapshot((snapshot) => changed(snapshot.exists ? [toDocument(snapshot)] : []), failed)
      : client.collection(path).onSnapshot((snapshot) => changed(toDocuments(snapshot)), failed);
  }

  subscribe();
  return () => {
    stopped = true;
    clearTimeout(timer);
    unsubscribe();
  };
}

const firstPause = 250;
const longestPause = 10_000;

const isDocumentPath = (path: string) => path.split('/').length % 2 === 0;

function toDocuments(snapshot: QuerySnapshot): StoredDocument[] {
  return snapshot.docs.map(toDocument);
}

function toDocument(snapshot: DocumentSnapshot<DocumentData>): StoredDocument {
  const { updateTime } = snapshot;
  if (!updateTime) throw new Error('Firestore sent a document without its update time.');
  return {
    path: snapshot.ref.path,
    data: decodeData(snapshot.data() ?? {}),
    revision: revisionOf(updateTime.seconds, updateTime.nanoseconds),
    writtenAt: updateTime.toDate().toISOString(),
  };
}

/** Google's client repeats reads for up to a minute; a caller of ours is refused sooner. The late answer is dropped. */
async function within<T>(deadline: number, reading: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Firestore did not answer within ${deadline} ms.`)), deadline);
  try {
    return await Promise.race([reading, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
