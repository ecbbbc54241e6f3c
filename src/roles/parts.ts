import { setTimeout as sleep } from 'node:timers/promises';
import packageJson from '../../package.json' with { type: 'json' };
import type { Suspect } from '../approvals/approvals.ts';
import { type Append, createAudit } from '../audit/audit.ts';
import type { Config, Role } from '../config.ts';
import { createConnections } from '../connections/connections.ts';
import { createIdentity } from '../identity/identity.ts';
import { sealFound } from '../masking/masking.ts';
import type { Passage } from '../model/call.ts';
import { createSeal, createTokenKey, readSealKey } from '../model/seal.ts';
import { createBigQuery } from '../platform/bigquery.ts';
import { systemClock } from '../platform/clock.ts';
import { createFirestoreStore } from '../platform/firestore.ts';
import { randomIds } from '../platform/ids.ts';
import { createLogger, type Logger } from '../platform/logger.ts';
import { createSecretReader } from '../platform/secret-manager.ts';
import { createHostKey } from '../tunnel/tunnel.ts';

/** What the roles share: their clients, their steps, their way to end. */

/** A role that is up: its way to stop taking work, finish what runs, and put the trail in order. */
export type Running = { stop(): Promise<void> };
export type Parts = Awaited<ReturnType<typeof openParts>>;

/** Milliseconds. Cloud Run kills an instance 10 s after SIGTERM. */
export const DRAIN = { requests: 5000, trail: 4000, tasks: 2000 };

/** Milliseconds. A new instance is given up 220 s after its start (`startup_probe` in terraform/run.tf). */
const START = { milliseconds: 180_000, pause: 1000 };

export const clock = systemClock;
export const ids = randomIds;

/** What every role has: who calls, the documents in force, the trail. */
export async function openParts(config: Config, role: Exclude<Role, 'all'>) {
  const { project, emulators, instance, local } = config;
  const log = createLogger({ level: config.logLevel, project, role });
  const firestore = {
    projectId: project,
    ...(emulators.firestore !== undefined && { emulatorHost: emulators.firestore }),
  };
  const readSecret = createSecretReader({ projectId: project, emulatorHost: emulators.secretManager });
  const [policyStore, runtimeStore, sealSecret] = await Promise.all([
    createFirestoreStore({ ...firestore, databaseId: config.databases.policy }),
    createFirestoreStore({ ...firestore, databaseId: config.databases.runtime }),
    persist(() => readSecret(config.sealKey), log),
  ]);
  const bigquery = createBigQuery({ projectId: project, emulatorHost: emulators.bigquery });
  const sealKey = readSealKey(sealSecret.value);
  const seal = createSeal(sealKey);
  const conceal = (text: string) => sealFound(text, seal);
  const tokenKey = createTokenKey(sealKey);
  const identities = createIdentity({
    issuers: config.issuers,
    ...(config.iapAudience !== undefined && { iap: { audience: config.iapAudience } }),
    clock,
    allowLoopback: local,
    report: (issuer, error) => log.warn({ issuer, error }, 'The keys of an issuer could not be refreshed.'),
  });
  const append: Append = (table, rows) => bigquery.append(`${config.datasets.audit}.${table}`, rows);
  const instanceId = ids('ins');
  const audit = createAudit({
    store: runtimeStore,
    clock,
    ids,
    log,
    seal,
    conceal,
    append,
    gateway: {
      image_digest: instance.imageDigest,
      instance: instanceId,
      revision: instance.revision,
      role,
      version: packageJson.version,
    },
    timing: { drain: DRAIN.trail },
    recordingLimit: config.recordingLimit,
    sessionLimit: config.sessionLimit,
  });
  const connections = createConnections({ store: policyStore, log });
  return {
    log,
    policyStore,
    runtimeStore,
    readSecret,
    bigquery,
    seal,
    conceal,
    tokenKey,
    hostKey: () => createHostKey(sealKey),
    identities,
    append,
    audit,
    connections,
    instanceId,
  };
}

/** Whoever finds that the last checkpoint is late raises an alert, once for each that is. */
export function lateCheckpoint({ audit, log }: Pick<Parts, 'audit' | 'log'>) {
  return (checkpoint: string) => {
    const detail = checkpoint === '' ? 'There is no checkpoint yet.' : `The last checkpoint is ${checkpoint}.`;
    audit
      .raise({ kind: 'checkpoint-late', key: checkpoint, detail })
      .catch((error) => log.error({ error }, 'An alert could not be recorded.'));
  };
}

/** Who finds that a stored approval is not what the product wrote raises an alert. */
export function suspected({ audit, log }: Pick<Parts, 'audit' | 'log'>) {
  const details = {
    'approval-corrupt': 'A stored approval is not what the product wrote.',
    'approval-forged': 'An approval is marked as granted, and not by decisions that the console signed.',
  } as const;
  return ({ kind, reason }: Suspect, passage: Partial<Passage> = {}) => {
    const alert = { kind, key: reason, detail: `${details[kind]} ${reason}` };
    audit.raise(alert, passage).catch((error) => log.error({ error }, 'An alert could not be recorded.'));
  };
}

/** A host that proves itself with another key is another host, or somebody is in between. */
export function hostChanged({ audit, log }: Pick<Parts, 'audit' | 'log'>) {
  return ({ connection, host, port, fingerprint }: ChangedKey) => {
    const detail = `The host of ${connection}, ${host}:${port}, shows a key that is not pinned: ${fingerprint}.`;
    log.error({ connection, fingerprint }, 'A host shows a key that is not pinned.');
    const alert = { kind: 'host-key-changed', key: `${connection} ${host}:${port} ${fingerprint}`, detail } as const;
    audit.raise(alert).catch((error) => log.error({ error }, 'An alert could not be recorded.'));
  };
}

type ChangedKey = { connection: string; host: string; port: number; fingerprint: string };

/**
 * What a role needs before it can serve, tried until it is had: a service may be slow or away just then, and rights that were granted a
 * minute ago may not have arrived. Throws the last failure where the start would not be waited for any longer; each is in the log.
 */
export async function persist<T>(
  task: () => Promise<T>,
  log: Pick<Logger, 'error'>,
  { milliseconds, pause } = START,
): Promise<T> {
  const giveUpAt = performance.now() + milliseconds;
  for (;;)
    try {
      return await task();
    } catch (error) {
      log.error({ error }, 'The start needs something that cannot be had yet.');
      if (performance.now() + pause > giveUpAt) throw error;
      await sleep(pause);
    }
}

/** Now, and again so many milliseconds after each end. */
export function repeat(
  milliseconds: number,
  task: () => Promise<unknown>,
  onError: (error: unknown) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  async function turn() {
    await task().catch(onError);
    if (!stopped) timer = setTimeout(turn, milliseconds);
  }
  void turn();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
