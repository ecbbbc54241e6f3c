import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FirestoreOptions, startFirestore } from '../emulators/firestore/firestore.ts';
import { type Issuer, startIssuer } from '../emulators/issuer/issuer.ts';
import { startKms } from '../emulators/kms/kms.ts';
import { type PostgresOptions, startPostgres } from '../emulators/postgres/postgres.ts';
import { startSecretManager } from '../emulators/secret-manager/secret-manager.ts';
import { makeAuditTables, retention } from './audit-tables.ts';
import { startBastion } from './bastion/host.ts';
import { startBigQueryApart } from './bigquery.ts';
import { findPorts } from './ports.ts';
import { type RoleName, startRoles } from './roles.ts';
import { fillCustomers, loadPolicies, makeKeys, PROJECT, writePolicies, writeSecret } from './seed.ts';
import { startBillingService, startCluster, startGatewayFront } from './surroundings.ts';
import { fillWarehouse } from './warehouse/warehouse.ts';

/** Where everything is: what `.sallyport/stand.json` holds. */
export type Stand = {
  gateway: string;
  console: string;
  keeper: string;
  issuer: string;
  firestore: string;
  secret_manager: string;
  bigquery: string;
  kms: string;
  /** The gateway by TLS, and the file with the authority to trust: what kubectl needs. */
  gateway_tls: string;
  gateway_ca: string;
  /** The cluster itself, and a kubeconfig of its admin. */
  kubernetes: string;
  kubeconfig: string;
  /** The HTTP service itself; it lets in whoever holds the secret `billing-gateway`. */
  billing: string;
  /** `host:port` of the host behind SSH, and its public key. */
  ssh: string;
  ssh_host_key: string;
  project: string;
  /** KMS key versions: whose decisions, and whose checkpoints, count. */
  approval_key: string;
  checkpoint_key: string;
  audience: string;
  /** With the superuser's password: for looking at the target directly. */
  postgres: string;
  tokens: Record<keyof typeof people, string>;
  /** What the roles were told. There is no secret in it. */
  environment: Record<string, string>;
  /** Process ids of the roles. One that is killed is started again. */
  pids: Record<RoleName, number>;
};

export type RunningStand = { stand: Stand; mint: Issuer['mint']; stop(): Promise<void> };

/** `host:port` of each. */
type Addresses = { firestore: string; secretManager: string; bigquery: string; kms: string };

const people = {
  bot: { sub: '1001', email: `bot@${PROJECT}.iam.gserviceaccount.com`, email_verified: true, kind: 'agent' },
  dba: { sub: '2001', email: 'dba@example.com', email_verified: true, kind: 'human' },
  auditor: { sub: '2002', email: 'auditor@example.com', email_verified: true, kind: 'human' },
  admin: { sub: '2003', email: 'admin@example.com', email_verified: true, kind: 'human' },
} as const;
const scheduler = `scheduler@${PROJECT}.iam.gserviceaccount.com`;

// Google's clients would look for the metadata server of a machine on Google Cloud.
process.env['METADATA_SERVER_DETECTION'] = 'none';

const TOKEN_SECONDS = 3600;

/**
 * Starts everything on 127.0.0.1 with nothing but Node: emulators, a real PostgreSQL, the three roles as processes of their
 * own, the sample policies. `portBase` 0 takes free ports; a port that is taken is told before anything starts. `step` is
 * told of each thing that is up.
 */
export async function startStand(options: {
  portBase: number;
  dir: string;
  /** What is run for each role, in place of `src/main.ts`. */
  program?: string | undefined;
  step?: (name: string) => void;
  /** Of the roles, beside what the stand says itself, or instead of it; told where the emulators are. */
  environment?: Record<string, string> | ((at: Addresses) => Promise<Record<string, string>>);
  /** Told of each commit in Firestore and of each line of PostgreSQL's log. */
  watch?: { commits?: FirestoreOptions['journal']; postgres?: PostgresOptions['log'] };
}): Promise<RunningStand> {
  const { portBase, dir, program, step = () => {}, environment = {}, watch = {} } = options;
  const { ports, release } = await findPorts(portBase);
  const stops: (() => unknown)[] = [release];
  const kept = <T extends { stop(): unknown }>(part: T): T => {
    stops.push(() => part.stop());
    return part;
  };
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
    for (const file of ['stand.json', 'cluster-admin.kubeconfig', 'gateway-ca.pem'])
      await rm(join(dir, file), { force: true });
  };

  try {
    await mkdir(dir, { recursive: true });
    const audience = urlOf(ports.gateway);
    const indexes = JSON.parse(await readFile(new URL('../firestore.indexes.json', import.meta.url), 'utf8'));
    const [issuer, firestore, secretManager, bigquery, kms, postgres, cluster, billing, front, bastion] = await allOf([
      startIssuer({ port: ports.issuer, audience }).then(kept),
      startFirestore({ port: ports.firestore, indexes, ...(watch.commits && { journal: watch.commits }) }).then(kept),
      startSecretManager({ port: ports.secretManager }).then(kept),
      startBigQueryApart(ports.bigquery).then(kept),
      startKms({ port: ports.kms }).then(kept),
      startPostgres({ port: ports.postgres, database: 'crm', ...(watch.postgres && { log: watch.postgres }) }).then(
        kept,
      ),
      startCluster(ports.kubernetes).then(kept),
      startBillingService(ports.billing).then(kept),
      startGatewayFront({ port: ports.gatewayFront, to: ports.gateway, dir }).then(kept),
      startBastion(ports.bastion).then(kept),
    ]);
    const kubeconfig = join(dir, 'cluster-admin.kubeconfig');
    const policies = join(dir, 'policies');
    await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
    step('emulators, a PostgreSQL server, a cluster, an HTTP service and a host behind SSH');

    const [keys] = await allOf([
      makeKeys(kms.address),
      fillCustomers(postgres.url).then((login) =>
        writeSecret(secretManager.address, 'crm-gateway', JSON.stringify(login)),
      ),
      writeSecret(secretManager.address, 'seal-key', randomBytes(32).toString('base64')),
      writeSecret(secretManager.address, 'cluster-gateway', JSON.stringify({ token: cluster.gatewayToken })),
      writeSecret(secretManager.address, 'billing-gateway', JSON.stringify({ token: billing.token })),
      writeSecret(secretManager.address, 'bastion-gateway', bastion.credential),
      writePolicies(policies, {
        bastion: { port: bastion.port, host_keys: [bastion.hostKey] },
        crm: { port: postgres.port },
        cluster: { server: cluster.url, ca: cluster.ca },
        billing: { origin: billing.url },
        warehouse: { endpoint: bigquery.url },
      }).then(() => loadPolicies(firestore.address, policies)),
      writeSecret(
        secretManager.address,
        'warehouse-gateway',
        JSON.stringify({ token: randomBytes(24).toString('base64url') }),
      ),
      makeAuditTables(PROJECT, bigquery.url),
      fillWarehouse(bigquery.url, PROJECT),
    ]);
    step('customers, secrets, keys, policies and audit tables');

    const at: Addresses = {
      firestore: firestore.address,
      secretManager: secretManager.address,
      bigquery: new URL(bigquery.url).host,
      kms: kms.address,
    };
    const log = createWriteStream(join(dir, 'stand.log'));
    const told = {
      GOOGLE_CLOUD_PROJECT: PROJECT,
      SALLYPORT_ISSUERS: JSON.stringify([
        {
          preset: 'google',
          issuer: issuer.url,
          audience,
          discovery: `${issuer.url}/.well-known/openid-configuration`,
          algorithms: ['RS256'],
          subject_kind: { claim: 'kind' },
          email_domains: ['example.com'],
          claims: { groups: 'groups' },
        },
      ]),
      SALLYPORT_APPROVAL_KEY: keys.approvals,
      SALLYPORT_CHECKPOINT_KEY: keys.checkpoints,
      SALLYPORT_RETENTION: JSON.stringify(retention),
      SALLYPORT_SEAL_KEY: `projects/${PROJECT}/secrets/seal-key`,
      SALLYPORT_CONSOLE_URL: urlOf(ports.console),
      SALLYPORT_SCHEDULER: `serviceAccount:${scheduler}`,
      SALLYPORT_TOKEN_SIGN_IN: 'true',
      SALLYPORT_CALLS_PER_MINUTE: '60000',
      SALLYPORT_CALLS_AT_ONCE: '64',
      FIRESTORE_EMULATOR_HOST: firestore.address,
      SECRET_MANAGER_EMULATOR_HOST: secretManager.address,
      BIGQUERY_EMULATOR_HOST: bigquery.url,
      KMS_EMULATOR_HOST: kms.address,
      METADATA_SERVER_DETECTION: 'none',
      ...(typeof environment === 'function' ? await environment(at) : environment),
    };
    const roles = kept(
      await startRoles({
        environment: told,
        ports: { gateway: ports.gateway, console: ports.console, keeper: ports.keeper },
        program,
        log: (line) => log.write(line),
        restarted: () => void describe(),
      }),
    );
    step('gateway, console and keeper');

    const stand = await describe();
    // Tokens in the file stay good for as long as the stand is up.
    const renewal = setInterval(() => void describe(), (TOKEN_SECONDS / 2) * 1000);
    stops.push(() => clearInterval(renewal));
    return { stand, mint: issuer.mint, stop };

    async function describe(): Promise<Stand> {
      const names = Object.keys(people) as (keyof typeof people)[];
      const tokens = await Promise.all(
        names.map(async (name) => [name, await issuer.mint({ ...people[name], expires_in: TOKEN_SECONDS })] as const),
      );
      const stand: Stand = {
        gateway: urlOf(ports.gateway),
        console: urlOf(ports.console),
        keeper: urlOf(ports.keeper),
        issuer: issuer.url,
        firestore: firestore.address,
        secret_manager: secretManager.address,
        bigquery: bigquery.url,
        kms: kms.address,
        gateway_tls: front.url,
        gateway_ca: front.ca,
        kubernetes: cluster.url,
        kubeconfig,
        billing: billing.url,
        ssh: bastion.at,
        ssh_host_key: bastion.hostKey,
        project: PROJECT,
        approval_key: keys.approvals,
        checkpoint_key: keys.checkpoints,
        audience,
        postgres: postgres.url,
        tokens: Object.fromEntries(tokens) as Stand['tokens'],
        environment: told,
        pids: roles.pids(),
      };
      await writeFile(join(dir, 'stand.json'), `${JSON.stringify(stand, null, 2)}\n`, { mode: 0o600 });
      return stand;
    }
  } catch (error) {
    await stop();
    throw error;
  }
}

function urlOf(port: number) {
  return `http://127.0.0.1:${port}`;
}

/** Like Promise.all, but a failure waits for the others: what is still starting could not be stopped. */
async function allOf<T extends readonly unknown[] | []>(parts: T) {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}
