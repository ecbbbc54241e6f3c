import { setImmediate as turn } from 'node:timers/promises';
import { type Agreed, createApi, createLookups, createUpgrades, transport } from '../api/api.ts';
import { createApprovals } from '../approvals/approvals.ts';
import { createEndings, deliver } from '../audit/audit.ts';
import type { Config } from '../config.ts';
import { createCredentials } from '../credentials/credentials.ts';
import { createGateway, type Steps } from '../gateway.ts';
import { createTranscript, maskResult } from '../masking/masking.ts';
import type { Passage } from '../model/call.ts';
import { createAdmission } from '../platform/admission.ts';
import { acceptUpgrade } from '../platform/byte-channel.ts';
import { createInstanceDialer } from '../platform/cloud-sql.ts';
import { createTokenMint } from '../platform/impersonation.ts';
import { createKmsVerifier } from '../platform/kms.ts';
import type { LogFields } from '../platform/logger.ts';
import type { Listening, Upgrade } from '../platform/server.ts';
import { acceptWebSocket } from '../platform/web-socket.ts';
import { policy } from '../policy/policy.ts';
import { createTargets, type Targets } from '../targets/targets.ts';
import { createTunnels } from '../tunnel/tunnel.ts';
import { clock, DRAIN, hostChanged, ids, openParts, type Parts, persist, type Running, suspected } from './parts.ts';

/** A connection that leaves HTTP, for what its target and its caller agreed on. */
const accept = async (caller: Upgrade, { protocol, upgrade }: Agreed) =>
  upgrade === undefined ? acceptWebSocket(caller, protocol) : acceptUpgrade(caller, upgrade);

/** Agents call it. */
export async function startGateway(config: Config, server: Listening): Promise<Running> {
  const parts = await openParts(config, 'gateway');
  const { log, audit, connections, runtimeStore, identities, seal, tokenKey, readSecret } = parts;
  const key = { keyVersion: config.approvalKey, emulatorHost: config.emulators.kms };
  const targets = createTargets({
    allowPlaintext: false,
    dialInstance: createInstanceDialer(),
    allowLoopback: config.local,
    alarm: hostChanged(parts),
  });
  const approvals = createApprovals({
    store: runtimeStore,
    clock,
    ids,
    verifier: createKmsVerifier(key),
    seal,
    onSuspect: suspected(parts),
  });
  const endings = createEndings({ store: runtimeStore, log });
  const steps: Steps = {
    identities,
    admission: createAdmission({ ...config.limits, clock }),
    connections,
    policy,
    targets,
    approvals,
    audit,
    endings,
    credentials: createCredentials({
      readSecret,
      mintToken: createTokenMint({ now: () => clock.now().getTime() }),
      clock,
    }),
    masking: { mask: maskResult, transcribe: createTranscript },
    deliver,
    report: (passage) => log.info(callFields(passage), 'A call.'),
    seal,
    tokenKey,
    clock,
    ids,
  };
  const served = {
    gateway: createGateway(steps),
    lookups: createLookups(steps),
    consoleUrl: config.consoleUrl,
    onFault: (error: unknown, trace: string | undefined) =>
      log.error({ error, ...(trace !== undefined && { trace }) }, 'A fault of ours.'),
  };
  const hostKey = parts.hostKey();
  const app = createApi({ ...served, tunnelKey: hostKey.public, ready: () => connections.fresh() && audit.ready() });
  const proxied = createUpgrades({ ...served, accept });
  const tunnels = createTunnels({ ...served, transport, hostKey, clock, ids, accept: acceptWebSocket });
  const upgrades = {
    accepts: (request: Upgrade['request']) => tunnels.accepts(request) || proxied.accepts(request),
    take: (upgrade: Upgrade) => (tunnels.accepts(upgrade.request) ? tunnels : proxied).take(upgrade),
  };
  await server.open({ fetch: app.fetch, upgrades });
  endings.start();
  await Promise.all([persist(audit.open, log), connections.start()]);
  log.info({ port: server.port }, 'The gateway serves.');
  void loadInForce(parts, targets);
  return {
    async stop() {
      endings.stop();
      await server.drain(DRAIN.requests);
      await audit.close();
      connections.stop();
      await targets.close();
    },
  };
}

/** What is served now is loaded now, in pieces, so that no call has to wait for it; other kinds with their first call. */
async function loadInForce({ connections, log }: Pick<Parts, 'connections' | 'log'>, targets: Targets) {
  const documents = connections.fresh() ? [...connections.current().connections.values()] : [];
  for (const document of documents) {
    await turn();
    await targets
      .of({ document })
      .catch((error) => log.error({ error, kind: document.kind }, 'A kind of target could not be loaded.'));
  }
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
