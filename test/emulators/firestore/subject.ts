import { randomUUID } from 'node:crypto';
import { type CollectionReference, Firestore } from '@google-cloud/firestore';
import { startFirestore } from '../../../emulators/firestore/firestore.ts';
import { createRawClient, type RawClient } from './raw-client.ts';

/** The server under test, seen through Google's client and, for requests it would not send, through bare gRPC. */
export interface Subject {
  db: Firestore;
  raw: RawClient;
  /** A collection no other test uses. */
  collection(): CollectionReference;
  /** A client of another database of the same server. */
  other(databaseId: string): Firestore;
  stop(): Promise<void>;
}

const PROJECT = 'conformance';
export const DATABASE = `projects/${PROJECT}/databases/(default)`;
export const ROOT = `${DATABASE}/documents`;

/** Google's emulator where `FIRESTORE_EMULATOR_HOST` names one, otherwise ours. */
export const official = process.env['FIRESTORE_EMULATOR_HOST'];

export async function startSubject(): Promise<Subject> {
  const ours = official ? undefined : await startFirestore();
  const address = ours?.address ?? official ?? '';
  const raw = createRawClient(address);
  const clients: Firestore[] = [];
  const other = (databaseId: string) => {
    const client = connect(address, databaseId);
    clients.push(client);
    return client;
  };
  const db = other('(default)');
  return {
    db,
    raw,
    other,
    collection: () => db.collection(`c-${randomUUID()}`),
    async stop() {
      raw.close();
      await Promise.all(clients.map((client) => client.terminate()));
      ours?.stop();
    },
  };
}

export function connect(address: string, databaseId = '(default)'): Firestore {
  return new Firestore({
    projectId: PROJECT,
    databaseId,
    host: address,
    ssl: false,
    customHeaders: { Authorization: 'Bearer owner' },
  });
}
