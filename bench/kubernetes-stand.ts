import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT, writeSecret } from '../demo/seed.ts';
import { startStand } from '../demo/stand.ts';
import { startKubernetes } from '../emulators/kubernetes/kubernetes.ts';
import { createDocuments } from '../src/connections/connections.ts';
import { createFirestoreStore } from '../src/platform/firestore.ts';

/**
 * The local stand with a cluster behind it: `kubernetes-stand.ts <dir> [<folder for CPU profiles of the roles>]`. It is the one that
 * `SALLYPORT_TEST_KUBE_URL`, `_CA`, `_TOKEN` and `_ADMIN_TOKEN` lead to, or else our own emulator. `cluster.json` tells where it is.
 */
export type Cluster = { url: string; ca: string; token: string; admin: string };

const [dir = '', profiles] = process.argv.slice(2);
const inner = join(dir, 'stand');
await mkdir(inner, { recursive: true });
const cluster = await clusterOf(process.env);
const { stand, stop } = await startStand({
  portBase: 0,
  dir: inner,
  environment: {
    SALLYPORT_CALLS_PER_MINUTE: '10000000',
    SALLYPORT_CALLS_AT_ONCE: '400',
    ...(profiles !== undefined && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` }),
  },
});
process.once('SIGTERM', () => void stop().then(() => process.exit(0)));
await writeSecret(stand.secret_manager, 'bench-cluster', JSON.stringify({ token: cluster.token }));
await admit(stand.firestore);
await writeFile(join(dir, 'cluster.json'), JSON.stringify(cluster), { mode: 0o600 });
await rename(join(inner, 'stand.json'), join(dir, 'stand.json'));

async function clusterOf(environment: NodeJS.ProcessEnv): Promise<Cluster> {
  const [url, ca, token, admin] = ['URL', 'CA', 'TOKEN', 'ADMIN_TOKEN'].map(
    (name) => environment[`SALLYPORT_TEST_KUBE_${name}`],
  );
  if (url !== undefined && ca !== undefined && token !== undefined && admin !== undefined)
    return { url, ca: await readFile(ca, 'utf8'), token, admin };
  const emulator = await startKubernetes();
  return { url: emulator.url, ca: emulator.ca, token: emulator.token, admin: emulator.token };
}

async function admit(firestore: string) {
  const store = await createFirestoreStore({ projectId: PROJECT, databaseId: 'policy', emulatorHost: firestore });
  const documents = createDocuments({ store });
  const anew = { ifMatch: null };
  await documents.put('classifications', 'bench', { ConfigMap: { 'data.api_key': 'CREDENTIAL' } }, anew);
  await documents.put(
    'connections',
    'bench',
    {
      kind: 'kubernetes',
      settings: { server: new URL(cluster.url).origin, ca: cluster.ca, networks: ['127.0.0.0/8'] },
      credential: { secret: `projects/${PROJECT}/secrets/bench-cluster` },
      limits: { bytes: '64GiB', seconds: 3000, concurrent: 400 },
    },
    anew,
  );
  await documents.put(
    'policies',
    'bench',
    {
      principals: ['group:analysts'],
      connections: ['bench'],
      verbs: ['read', 'execute', 'connect'],
      effect: 'allow',
      overrides: ['guard-execute', 'guard-risks'],
    },
    anew,
  );
  await store.close();
}
