import packageJson from '../package.json' with { type: 'json' };
import { createApi, createKeeperApi, createLookups, transport } from './api/api.ts';
import { createApprovals, createExpiry, type Suspect } from './approvals/approvals.ts';
import {
  type Append,
  createAlerts,
  createAudit,
  createCheckpoints,
  createCheckpointWatch,
  createIntegrity,
  createRetainedFrom,
  createRetention,
  createReviews,
  deliver,
  installAudit,
} from './audit/audit.ts';
import { type Config, ConfigError, type InstallConfig, type Role, readConfig, readInstallConfig } from './config.ts';
import { beat, createConnections, createDocuments, createLedger, createWatch } from './connections/connections.ts';
import { createConsole } from './console/console.ts';
import { createCredentials } from './credentials/credentials.ts';
import {
  createBundles,
  createDecidedOperations,
  createEvidence,
  createPolicyHistory,
  createReplay,
  installEvidence,
} from './evidence/evidence.ts';
import { createGateway, type Steps } from './gateway.ts';
import { createIdentity } from './identity/identity.ts';
import { maskResult, sealFound } from './masking/masking.ts';
import type { Passage } from './model/call.ts';
import type { Identity } from './model/identity.ts';
import { createSeal, createTokenKey } from './model/seal.ts';
import { createAdmission } from './platform/admission.ts';
import { createBigQuery } from './platform/bigquery.ts';
import { systemClock } from './platform/clock.ts';
import { createInstanceDialer } from './platform/cloud-sql.ts';
import { createFirestoreStore } from './platform/firestore.ts';
import { randomIds } from './platform/ids.ts';
import { createTokenMint } from './platform/impersonation.ts';
import { createKmsSigner, createKmsVerifier } from './platform/kms.ts';
import { createLogger, type LogFields } from './platform/logger.ts';
import { createSecretReader } from './platform/secret-manager.ts';
import { serve } from './platform/server.ts';
import { createBucket } from './platform/storage.ts';
import { createSimulation, diffDocuments, policy, readYaml, whyUnusable, yamlOf } from './policy/policy.ts';
import { createTargets } from './targets/targets.ts';

/** Reads the configuration, builds the clients, serves a role. The only place where clients are built. */

type Served = Exclude<Role, 'all'>;
/** A role that is up: its way to stop taking work, finish what runs, and put the trail in order. */
type Running = { stop(): Promise<void> };

/** Milliseconds. Cloud Run kills an instance 10 s after SIGTERM. */
const DRAIN = { requests: 5000, trail: 4000, tasks: 2000 };
const BEAT_MS = 10_000;
const SWEEP_MS = 15_000;
const WATCH_MS = 5_000;
/** How often the keeper looks whether a checkpoint is due, and how old the last one is then. */
const WATCH_CHECKPOINTS_MS = 30_000;
const CHECKPOINT_MS = { look: 20_000, due: 55_000 };

const clock = systemClock;
const ids = randomIds;

/** What every role has: who calls, the documents in force, the trail. */
async function openParts(config: Config, role: Served) {
  const { project, emulators, instance, local } = config;
  const log = createLogger({ level: config.logLevel, project, role });
  const firestore = {
    projectId: project,
    ...(emulators.firestore !== undefined && { emulatorHost: emulators.firestore }),
  };
  const readSecret = createSecretReader({ projectId: project, emulatorHost: emulators.secretManager });
  const [policyStore, runtimeStore, sealKey] = await Promise.all([
    createFirestoreStore({ ...firestore, databaseId: config.databases.policy }),
    createFirestoreStore({ ...firestore, databaseId: config.databases.runtime }),
    readSecret(config.sealKey),
  ]);
  const bigquery = createBigQuery({ projectId: project, emulatorHost: emulators.bigquery });
  const seal = createSeal(sealKey.value);
  const conceal = (text: string) => sealFound(text, seal);
  const tokenKey = createTokenKey(sealKey.value);
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
      role,
      revision: instance.revision,
      instance: instanceId,
      version: packageJson.version,
      image_digest: instance.imageDigest,
    },
    timing: { drain: DRAIN.trail },
    recordingLimit: config.recordingLimit,
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
    identities,
    append,
    audit,
    connections,
    instanceId,
  };
}

async function startGateway(config: Config): Promise<Running> {
  const parts = await openParts(config, 'gateway');
  const { log, audit, connections, runtimeStore, identities, seal, tokenKey, readSecret } = parts;
  const key = { keyVersion: config.approvalKey, emulatorHost: config.emulators.kms };
  const targets = createTargets({ allowPlaintext: false, dialInstance: createInstanceDialer() });
  const approvals = createApprovals({
    store: runtimeStore,
    clock,
    ids,
    verifier: createKmsVerifier(key),
    seal,
    onSuspect: suspected(parts),
  });
  const steps: Steps = {
    identities,
    admission: createAdmission({ ...config.limits, clock }),
    connections,
    policy,
    targets,
    approvals,
    audit,
    credentials: createCredentials({
      readSecret,
      mintToken: createTokenMint({ now: () => clock.now().getTime() }),
      clock,
    }),
    masking: { mask: maskResult },
    deliver,
    report: (passage) => log.info(callFields(passage), 'A call.'),
    seal,
    tokenKey,
    clock,
    ids,
  };
  const app = createApi({
    gateway: createGateway(steps),
    lookups: createLookups(steps),
    consoleUrl: config.consoleUrl,
    ready: () => connections.fresh() && audit.ready(),
    onFault: (error, trace) => log.error({ error, ...(trace !== undefined && { trace }) }, 'A fault of ours.'),
  });
  const server = await serve({ fetch: app.fetch, host: config.host, port: config.ports.gateway });
  await Promise.all([audit.open(), connections.start()]);
  log.info({ port: server.port }, 'The gateway serves.');
  return {
    async stop() {
      await server.drain(DRAIN.requests);
      await audit.close();
      connections.stop();
      await targets.close();
    },
  };
}

async function startConsole(config: Config): Promise<Running> {
  const parts = await openParts(config, 'console');
  const { log, audit, connections, policyStore, runtimeStore, identities, bigquery } = parts;
  const { kms: emulatorHost } = config.emulators;
  const signer = createKmsSigner({ keyVersion: config.approvalKey, emulatorHost });
  const verifier = createKmsVerifier({ keyVersion: config.approvalKey, emulatorHost });
  const ofCheckpoints = createKmsVerifier({ keyVersion: config.checkpointKey, emulatorHost });
  const trail = { ...bigquery, project: config.project };
  const app = createConsole({
    authenticate: identities.authenticate,
    groupsOf: (identity: Identity) => policy.groupsOf(identity, connections.current()),
    approvals: createApprovals({
      store: runtimeStore,
      clock,
      ids,
      verifier,
      seal: parts.seal,
      signer,
      onSuspect: suspected(parts),
    }),
    documents: createDocuments({ store: policyStore, whyUnusable }),
    ledger: createLedger(runtimeStore),
    ids,
    history: createPolicyHistory({ ...trail, dataset: config.datasets.audit }),
    operations: createDecidedOperations({ ...trail, datasets: config.datasets }),
    policy: { inForce: connections.current, whyUnusable, simulation: createSimulation },
    texts: { read: readYaml, write: yamlOf, diff: diffDocuments },
    audit,
    alerts: createAlerts({ store: runtimeStore, clock, log }),
    reviews: createReviews({ store: runtimeStore, clock }),
    integrity: createIntegrity({ store: runtimeStore, clock, verify: ofCheckpoints.verify }),
    evidence: createEvidence({ query: bigquery.query, project: config.project, datasets: config.datasets }),
    replay: createReplay({
      query: bigquery.query,
      project: config.project,
      datasets: config.datasets,
      now: clock.now,
      keptFor: createRetention(config.retention.days, config.retention.legalHold).of('recordings'),
    }),
    bundles: createBundles({
      bigquery,
      datasets: config.datasets,
      signer,
      keys: async () => ({
        approval: { version: config.approvalKey, pem: await verifier.publicKey() },
        checkpoint: { version: config.checkpointKey, pem: await ofCheckpoints.publicKey() },
      }),
      now: clock.now,
    }),
    transport,
    groups: config.groups,
    origin: new URL(config.consoleUrl).origin,
    conceal: parts.conceal,
    tokenSignIn: config.tokenSignIn,
    now: clock.now,
    onFault: (error) => log.error({ error }, 'A fault of ours.'),
  });
  app.get('/readyz', (context) =>
    connections.fresh() && audit.ready()
      ? context.json({ status: 'ready' })
      : context.json({ status: 'not ready' }, 503),
  );
  const server = await serve({ fetch: app.fetch, host: config.host, port: config.ports.console });
  await Promise.all([audit.open(), connections.start()]);
  const watch = createCheckpointWatch({ store: runtimeStore, clock, log, onLate: lateCheckpoint(parts) });
  const stopWatching = repeat(WATCH_CHECKPOINTS_MS, watch, (error) =>
    log.error({ error }, 'The last checkpoint was not looked at.'),
  );
  log.info({ port: server.port }, 'The console serves.');
  return {
    async stop() {
      stopWatching();
      await server.drain(DRAIN.requests);
      await audit.close();
      connections.stop();
    },
  };
}

/** Whoever finds that the last checkpoint is late raises an alert, once for each that is. */
function lateCheckpoint({ audit, log }: Pick<Awaited<ReturnType<typeof openParts>>, 'audit' | 'log'>) {
  return (checkpoint: string) => {
    const detail = checkpoint === '' ? 'There is no checkpoint yet.' : `The last checkpoint is ${checkpoint}.`;
    audit
      .raise({ kind: 'checkpoint-late', key: checkpoint, detail })
      .catch((error) => log.error({ error }, 'An alert could not be recorded.'));
  };
}

/** Who finds that a stored approval is not what the product wrote raises an alert. */
function suspected({ audit, log }: Pick<Awaited<ReturnType<typeof openParts>>, 'audit' | 'log'>) {
  const details = {
    'approval-corrupt': 'A stored approval is not what the product wrote.',
    'approval-forged': 'An approval is marked as granted, and not by decisions that the console signed.',
  } as const;
  return ({ kind, reason }: Suspect, passage: Partial<Passage> = {}) => {
    const alert = { kind, key: reason, detail: `${details[kind]} ${reason}` };
    audit.raise(alert, passage).catch((error) => log.error({ error }, 'An alert could not be recorded.'));
  };
}

/** Names, codes and times: nothing of what was asked or answered. */
function callFields({ operationId, call, connection, operation, problem, spent, elapsed }: Passage): LogFields {
  return {
    operation: operationId,
    ...(call.trace !== undefined && { trace: call.trace.traceId }),
    connection: connection?.name,
    verb: operation?.verb,
    code: problem?.code,
    milliseconds: { total: elapsed(), ...spent },
  };
}

/** Beats, sweeps and makes checkpoints by itself, too: Cloud Scheduler's calls make sure of it when no instance runs. */
async function startKeeper(config: Config): Promise<Running> {
  const { log, audit, policyStore, runtimeStore, identities, append, bigquery, instanceId } = await openParts(
    config,
    'keeper',
  );
  const watch = createWatch({
    store: policyStore,
    ledger: createLedger(runtimeStore),
    record: (note, writes) => audit.note('policy_changed', {}, { note, with: writes }),
    clock,
    ids,
    log,
  });
  const retention = createRetention(config.retention.days, config.retention.legalHold);
  const keptFrom = (table: 'events' | 'recordings') =>
    createRetainedFrom({
      table,
      keepsFor: () => bigquery.keepsFor(`${config.datasets.audit}.${table}`),
      retention,
      log,
    });
  const checkpoints = createCheckpoints({
    store: runtimeStore,
    clock,
    log,
    append,
    signer: createKmsSigner({ keyVersion: config.checkpointKey, emulatorHost: config.emulators.kms }),
    keeper: instanceId,
    onLate: lateCheckpoint({ audit, log }),
    retainedFrom: keptFrom('events'),
    recordingsFrom: keptFrom('recordings'),
    ...(config.checkpointBucket !== undefined && {
      archive: createBucket({ bucket: config.checkpointBucket, emulatorHost: config.emulators.storage }).keep,
    }),
  });
  const expire = createExpiry({
    store: runtimeStore,
    clock,
    record: (approval, writes) =>
      audit.note('expired', { approval, operationId: approval.operation }, { with: writes }),
    onCorrupt: (error) => log.error({ error }, 'A stored approval cannot be read.'),
  });
  const sweep = async () => ({ ...(await audit.sweep()), expired: await expire() });
  const reship = async () => ({ put_back: await audit.putBack(), ...(await sweep()) });
  const tasks = { ship: sweep, sweep, reship, checkpoint: () => checkpoints.make() };
  const app = createKeeperApi({
    authenticate: identities.authenticate,
    scheduler: config.scheduler,
    tasks,
    ready: audit.ready,
    onFault: (error) => log.error({ error }, 'A fault of ours.'),
  });
  const server = await serve({ fetch: app.fetch, host: config.host, port: config.ports.keeper });
  const stopBeating = repeat(
    BEAT_MS,
    () => beat(policyStore, clock),
    (error) => log.error({ error }, 'The heartbeat failed.'),
  );
  await audit.open();
  const stopSweeping = repeat(SWEEP_MS, sweep, (error) => log.error({ error }, 'A sweep failed.'));
  watch.start();
  const stopWatching = repeat(WATCH_MS, watch.check, (error) => log.error({ error }, 'Documents were not compared.'));
  const stopChecking = repeat(
    CHECKPOINT_MS.look,
    () => checkpoints.make({ unlessYounger: CHECKPOINT_MS.due }),
    (error) => log.error({ error }, 'A checkpoint failed.'),
  );
  log.info({ port: server.port }, 'The keeper serves.');
  return {
    async stop() {
      stopBeating();
      stopSweeping();
      stopWatching();
      watch.stop();
      stopChecking();
      await server.drain(DRAIN.tasks);
      await audit.close();
      await checkpoints.make().catch((error) => log.error({ error }, 'The last checkpoint failed.'));
    },
  };
}

/** Now, and again so many milliseconds after each end. */
function repeat(milliseconds: number, task: () => Promise<unknown>, onError: (error: unknown) => void): () => void {
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

const starts: Record<Served, (config: Config) => Promise<Running>> = {
  gateway: startGateway,
  console: startConsole,
  keeper: startKeeper,
};

/** Makes the datasets, their tables and views, and sets how long rows are kept; says what of that it changed. For an operator. */
async function install({ project, datasets, retention, location, bigquery: emulatorHost }: InstallConfig) {
  const bigquery = createBigQuery({ projectId: project, location, emulatorHost });
  const changes = await installAudit(bigquery, datasets.audit, createRetention(retention.days, retention.legalHold));
  await installEvidence(bigquery, datasets);
  const hold = retention.legalHold ? ['Legal hold: nothing is deleted.'] : [];
  process.stdout.write([...hold, ...changes, 'The datasets are in place.', ''].join('\n'));
}

async function main(role: string | undefined) {
  if (role === 'install') return install(readInstallConfig());
  const config = readConfig(role);
  const served: Served[] = config.role === 'all' ? ['keeper', 'gateway', 'console'] : [config.role];
  const running = await Promise.all(served.map((name) => starts[name](config)));
  const { promise: told, resolve: tell } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => tell());
  await told;
  await Promise.all(running.map((one) => one.stop()));
  process.exit(0);
}

main(process.argv[2]).catch((error) => {
  process.stderr.write(
    error instanceof ConfigError
      ? `${error.message}\n`
      : `Sallyport could not start: ${error instanceof Error ? error.stack : error}\n`,
  );
  process.exit(1);
});
