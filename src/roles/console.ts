import { transport } from '../api/api.ts';
import { createApprovals } from '../approvals/approvals.ts';
import {
  createAlerts,
  createCheckpointWatch,
  createIntegrity,
  createRetention,
  createReviews,
  createRunning,
} from '../audit/audit.ts';
import type { Config } from '../config.ts';
import { createDocuments, createLedger } from '../connections/connections.ts';
import { createConsole } from '../console/console.ts';
import {
  createBundles,
  createDecidedOperations,
  createEvidence,
  createPolicyHistory,
  createReplay,
} from '../evidence/evidence.ts';
import type { Identity } from '../model/identity.ts';
import { createKmsSigner, createKmsVerifier } from '../platform/kms.ts';
import type { Listening } from '../platform/server.ts';
import {
  approversOf,
  createSimulation,
  diffDocuments,
  policy,
  readYaml,
  whyUnusable as whyNoPolicy,
  yamlOf,
} from '../policy/policy.ts';
import { clock, DRAIN, ids, lateCheckpoint, openParts, persist, type Running, repeat, suspected } from './parts.ts';
import { whyUnusable } from './usable.ts';

/** How often the console looks at the last checkpoint: a dead keeper tells nobody. */
const WATCH_CHECKPOINTS_MS = 30_000;

/** Humans decide here, author policies and read evidence. */
export async function startConsole(config: Config, server: Listening): Promise<Running> {
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
    policy: { inForce: connections.current, whyUnusable: whyNoPolicy, simulation: createSimulation },
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
    running: createRunning({ store: runtimeStore, clock, log }),
    approversOf: (connection) => approversOf(connection, connections.current()),
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
  await server.open({ fetch: app.fetch });
  await Promise.all([persist(audit.open, log), connections.start()]);
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
