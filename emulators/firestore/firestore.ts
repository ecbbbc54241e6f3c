import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createClock } from './clock.ts';
import type { Journal } from './commits.ts';
import { createDatabase } from './database.ts';
import { openDocumentFile } from './document-file.ts';
import { createIndexCheck, type IndexConfig } from './indexes.ts';
import { loadProtocol } from './protocol.ts';
import { createService } from './service.ts';
import { createStorage } from './storage.ts';
import { createTransactions } from './transactions.ts';

export interface FirestoreOptions {
  /** 0 picks a free one. */
  port?: number;
  /** Where documents are kept; in memory when not given. */
  file?: string;
  /** The content of `firestore.indexes.json`; without it every query is served, as by Google's emulator. */
  indexes?: IndexConfig;
  /** Milliseconds since 1970. */
  wallClock?: () => number;
  /** Told of each commit that was applied, in order, before its client hears of it. */
  journal?: Journal;
}

export interface FirestoreEmulator {
  /** For `FIRESTORE_EMULATOR_HOST`. */
  address: string;
  /** Forgets every document of every database; listeners are told. */
  clear(): void;
  /** Ends every call at once and closes the file. */
  stop(): void;
}

/** Requests above 10 MiB are refused by name up to this size, and by the transport beyond it. */
const MAX_TRANSPORT_BYTES = 64 * 1024 * 1024;

/**
 * Serves Firestore (`google.firestore.v1`, native mode) over gRPC on the loopback, for any number of projects and
 * databases. What is committed is still there after a kill of the process. Refuses a port or a file in use.
 */
export async function startFirestore(options: FirestoreOptions = {}): Promise<FirestoreEmulator> {
  const wallClock = options.wallClock ?? Date.now;
  const { service, codec } = loadProtocol();
  const storage = createStorage(options.file === undefined ? undefined : openDocumentFile(options.file, codec));
  const database = createDatabase(storage, createClock(wallClock, storage.lastCommit()));
  const transactions = createTransactions(database, wallClock);
  const requireIndex = options.indexes ? createIndexCheck(options.indexes) : () => undefined;
  const server = new Server({ 'grpc.max_receive_message_length': MAX_TRANSPORT_BYTES });
  const { rpcs, close } = createService({ database, transactions, requireIndex, journal: options.journal });
  server.addService(service, rpcs);
  const port = await listen(server, options.port ?? 0);
  return {
    address: `127.0.0.1:${port}`,
    clear: database.clear,
    stop() {
      server.forceShutdown();
      close();
      storage.close();
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
}
