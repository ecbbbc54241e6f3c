import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT, writeSecret } from '../../../demo/seed.ts';
import { type Stand, startStand } from '../../../demo/stand.ts';
import { createDocuments } from '../../../src/connections/connections.ts';
import { createBigQuery } from '../../../src/platform/bigquery.ts';
import { createFirestoreStore } from '../../../src/platform/firestore.ts';
import type { Server } from './server.ts';
import { startTlsFront, type TlsFront } from './tls-front.ts';

const CONNECTION = 'real';
const bot = `serviceAccount:bot@${PROJECT}.iam.gserviceaccount.com`;

export type Governed = {
  stand: Stand;
  /** Of the cluster behind the gateway, for kubeconfigs. */
  url: string;
  prefix: string;
  ca: string;
  token: string;
  log(): string;
  /** Everything that was kept: events and recordings, as JSON. */
  trail(): Promise<string>;
  stop(): Promise<void>;
};

/** The whole product, with the server as one of its connections. The bot needs no human here: what is compared is what comes back. */
export async function govern(server: Server, seen: (bytes: Buffer, connection: number) => void): Promise<Governed> {
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-kubernetes-'));
  const { stand, stop } = await startStand({ portBase: 0, dir });
  await writeSecret(stand.secret_manager, 'real-cluster', JSON.stringify({ token: server.token }));
  await admit(stand.firestore, server);
  const front: TlsFront = await startTlsFront(stand.gateway, seen);
  const prefix = `/k8s/${CONNECTION}`;
  return {
    stand,
    prefix,
    url: front.url + prefix,
    ca: front.ca,
    token: stand.tokens.bot,
    log: () => readFileSync(join(dir, 'stand.log'), 'utf8'),
    async trail() {
      const bigquery = createBigQuery({ projectId: PROJECT, emulatorHost: stand.bigquery.replace('http://', '') });
      const rows = [];
      for (const table of ['events', 'recordings'])
        rows.push(await bigquery.query(`SELECT * FROM \`sallyport_evidence.${table}\``));
      return JSON.stringify(rows);
    },
    async stop() {
      await front.close();
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function admit(firestore: string, server: Server) {
  const store = await createFirestoreStore({ projectId: PROJECT, databaseId: 'policy', emulatorHost: firestore });
  const documents = createDocuments({ store });
  const anew = { ifMatch: null };
  await documents.put('classifications', CONNECTION, { ConfigMap: { 'data.api_key': 'CREDENTIAL' } }, anew);
  await documents.put(
    'connections',
    CONNECTION,
    {
      kind: 'kubernetes',
      settings: { server: server.url.origin, ca: server.ca, networks: ['127.0.0.0/8'] },
      credential: { secret: `projects/${PROJECT}/secrets/real-cluster` },
      unclassified: 'allow',
      limits: { bytes: '64MiB', concurrent: 64 },
    },
    anew,
  );
  await documents.put(
    'policies',
    'bot-works-on-the-cluster',
    {
      principals: [bot],
      connections: [CONNECTION],
      verbs: ['read', 'write', 'delete', 'define', 'execute', 'connect'],
      effect: 'allow',
      overrides: ['guard-define', 'guard-execute', 'guard-risks', 'guard-kubernetes-changes'],
    },
    anew,
  );
  await documents.put(
    'policies',
    'bot-makes-accounts-of-no-rights',
    {
      principals: [bot],
      connections: [CONNECTION],
      verbs: ['grant'],
      resources: ['table/serviceaccounts/*'],
      effect: 'allow',
      overrides: ['guard-grant', 'guard-risks', 'guard-kubernetes-changes'],
    },
    anew,
  );
  await store.close();
}
