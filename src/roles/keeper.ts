import { createKeeperApi } from '../api/api.ts';
import { createExpiry } from '../approvals/approvals.ts';
import {
  createCheckpoints,
  createIntegrity,
  createRetainedFrom,
  createRetention,
  sweepEndings,
} from '../audit/audit.ts';
import type { Config } from '../config.ts';
import { beat, createLedger, createWatch } from '../connections/connections.ts';
import { createKmsSigner, createKmsVerifier } from '../platform/kms.ts';
import type { Listening } from '../platform/server.ts';
import { createBucket } from '../platform/storage.ts';
import { clock, DRAIN, ids, lateCheckpoint, openParts, persist, type Running, repeat } from './parts.ts';

const BEAT_MS = 10_000;
const SWEEP_MS = 15_000;
const WATCH_MS = 5_000;
const TELL_MS = 60_000;
/** How often the keeper looks whether a checkpoint is due, and how old the last one is then. */
const CHECKPOINT_MS = { look: 20_000, due: 55_000 };

/** Beats, sweeps and makes checkpoints by itself, too: Cloud Scheduler's calls make sure of it when no instance runs. */
export async function startKeeper(config: Config, server: Listening): Promise<Running> {
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
  const sweep = async () => ({
    ...(await audit.sweep()),
    expired: await expire(),
    endings: await sweepEndings(runtimeStore, clock),
  });
  const reship = async () => ({ put_back: await audit.putBack(), ...(await sweep()) });
  const tasks = { ship: sweep, sweep, reship, checkpoint: () => checkpoints.make() };
  const app = createKeeperApi({
    authenticate: identities.authenticate,
    scheduler: config.scheduler,
    tasks,
    ready: audit.ready,
    onFault: (error) => log.error({ error }, 'A fault of ours.'),
  });
  await server.open({ fetch: app.fetch });
  const stopBeating = repeat(
    BEAT_MS,
    () => beat(policyStore, clock),
    (error) => log.error({ error }, 'The heartbeat failed.'),
  );
  await persist(audit.open, log);
  const stopSweeping = repeat(SWEEP_MS, sweep, (error) => log.error({ error }, 'A sweep failed.'));
  watch.start();
  const stopWatching = repeat(WATCH_MS, watch.check, (error) => log.error({ error }, 'Documents were not compared.'));
  const stopChecking = repeat(
    CHECKPOINT_MS.look,
    () => checkpoints.make({ unlessYounger: CHECKPOINT_MS.due }),
    (error) => log.error({ error }, 'A checkpoint failed.'),
  );
  const integrity = createIntegrity({
    store: runtimeStore,
    clock,
    verify: createKmsVerifier({ keyVersion: config.checkpointKey, emulatorHost: config.emulators.kms }).verify,
  });
  const tell = async () => {
    const { state, outbox } = await integrity();
    log.info(
      { trail: state, unshipped_seconds: outbox.oldest?.age ?? 0, events: outbox.events },
      'The state of the trail.',
    );
  };
  const stopTelling = repeat(TELL_MS, tell, (error) => log.error({ error }, 'The state of the trail is not known.'));
  log.info({ port: server.port }, 'The keeper serves.');
  return {
    async stop() {
      stopBeating();
      stopSweeping();
      stopWatching();
      watch.stop();
      stopChecking();
      stopTelling();
      await server.drain(DRAIN.tasks);
      await audit.close();
      await checkpoints.make().catch((error) => log.error({ error }, 'The last checkpoint failed.'));
    },
  };
}
