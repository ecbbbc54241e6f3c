import { type Config, readConfig } from '../config.ts';
import { createFirestoreStore } from '../platform/firestore.ts';
import type { Stores, Visit } from './facts.ts';

/** Both Firestore databases. */
export async function openStores({ project, databases, emulators }: Config): Promise<Stores> {
  // A laptop that runs everything at once answers when it can.
  const emulated = emulators.firestore !== undefined && { emulatorHost: emulators.firestore, deadline: 120_000 };
  const where = { projectId: project, ...emulated };
  const [policy, runtime] = await Promise.all([
    createFirestoreStore({ ...where, databaseId: databases.policy }),
    createFirestoreStore({ ...where, databaseId: databases.runtime }),
  ]);
  return { policy, runtime, close: async () => void (await Promise.all([policy.close(), runtime.close()])) };
}

/** The environment of a local stand's roles. Throws `ConfigError`; emulators that are not on this machine are refused by it. */
export const readLocalConfig = (environment: Record<string, string>): Config => readConfig('all', environment);

const most = 64 * 1024;

/** What an address answers to somebody who shows nothing. Follows no redirect; throws where there is no answer within 10 s. */
export async function visit(address: string, fetch: typeof globalThis.fetch): ReturnType<Visit> {
  const response = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(10_000) });
  const date = Date.parse(response.headers.get('date') ?? '');
  let body = '';
  for await (const chunk of response.body ?? []) {
    body += Buffer.from(chunk).toString('latin1');
    if (body.length > most) break;
  }
  return { status: response.status, date: Number.isNaN(date) ? undefined : new Date(date), body };
}
