import { randomBytes } from 'node:crypto';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KeyManagementServiceClient } from '@google-cloud/kms';
import { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import gax from 'google-gax';
import pg from 'pg';
import { parse, parseDocument } from 'yaml';
import { createDocuments } from '../src/connections/connections.ts';
import { type DocumentKind, documentKinds } from '../src/model/documents.ts';
import { createFirestoreStore } from '../src/platform/firestore.ts';

export const PROJECT = 'sallyport-demo';

function grpcOptions(address: string) {
  const [apiEndpoint = '', port = ''] = address.split(':');
  return { apiEndpoint, port: Number(port), sslCreds: gax.grpc.credentials.createInsecure(), projectId: PROJECT };
}

/** Makes the demo's tables and the role that owns them; its password is new each time. */
export async function fillCustomers(url: string): Promise<{ username: string; password: string }> {
  const password = randomBytes(18).toString('base64url');
  const script = await readFile(new URL('./crm/schema.sql', import.meta.url), 'utf8');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(script.replace(':password', client.escapeLiteral(password)));
  } finally {
    await client.end();
  }
  return { username: 'crm_gateway', password };
}

/** Adds a secret, or a version to it where there is one. */
export async function writeSecret(address: string, name: string, value: string): Promise<void> {
  const client = new SecretManagerServiceClient(grpcOptions(address));
  const parent = `projects/${PROJECT}/secrets/${name}`;
  try {
    const [known] = await client.listSecrets({ parent: `projects/${PROJECT}` });
    if (!known.some((secret) => secret.name?.endsWith(`/${name}`))) {
      await client.createSecret({
        parent: `projects/${PROJECT}`,
        secretId: name,
        secret: { replication: { automatic: {} } },
      });
    }
    await client.addSecretVersion({ parent, payload: { data: Buffer.from(value) } });
  } finally {
    await client.close();
  }
}

/** The console's key for signing decisions and the keeper's for checkpoints. Returns the names of their first versions. */
export async function makeKeys(address: string): Promise<{ approvals: string; checkpoints: string }> {
  const client = new KeyManagementServiceClient(grpcOptions(address));
  const parent = `projects/${PROJECT}/locations/global`;
  const make = async (cryptoKeyId: string) => {
    const [key] = await client.createCryptoKey({
      parent: `${parent}/keyRings/sallyport`,
      cryptoKeyId,
      cryptoKey: { purpose: 'ASYMMETRIC_SIGN', versionTemplate: { algorithm: 'EC_SIGN_P256_SHA256' } },
    });
    return `${key.name}/cryptoKeyVersions/1`;
  };
  try {
    await client.createKeyRing({ parent, keyRingId: 'sallyport', keyRing: {} });
    return { approvals: await make('approvals'), checkpoints: await make('checkpoints') };
  } finally {
    await client.close();
  }
}

/**
 * Writes the demo's documents into a folder, anew, as they are for this stand: `places` are settings of connections that are known only now. So
 * there is nothing to change in them until somebody edits a file.
 */
export async function writePolicies(folder: string, places: Readonly<Record<string, object>>): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await cp(new URL('./policies/', import.meta.url), folder, { recursive: true });
  for (const [name, settings] of Object.entries(places)) {
    const file = join(folder, 'connections', `${name}.yaml`);
    const document = parseDocument(await readFile(file, 'utf8'));
    for (const [key, value] of Object.entries(settings)) document.setIn(['settings', key], value);
    await writeFile(file, document.toString({ lineWidth: 0, flowCollectionPadding: false }));
  }
}

/** Puts the built-in guards and the documents of a folder in force. */
export async function loadPolicies(firestore: string, folder: string): Promise<void> {
  const store = await createFirestoreStore({ projectId: PROJECT, databaseId: 'policy', emulatorHost: firestore });
  const documents = createDocuments({ store });
  try {
    for (const { kind, name, document } of await readDocuments(folder))
      await documents.put(kind, name, document, { ifMatch: null });
  } finally {
    await store.close();
  }
}

type FileDocument = { kind: DocumentKind; name: string; document: Record<string, unknown> };

async function readDocuments(folder: string): Promise<FileDocument[]> {
  const guards = await readFolder(fileURLToPath(new URL('../policies/built-in/', import.meta.url)), 'policies');
  const own = await Promise.all(documentKinds.map((kind) => readFolder(join(folder, kind), kind)));
  return [...guards, ...own.flat()];
}

async function readFolder(folder: string, kind: DocumentKind): Promise<FileDocument[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(
    names.map(async (file) => ({
      kind,
      name: basename(file, extname(file)),
      document: parse(await readFile(join(folder, file), 'utf8')) as Record<string, unknown>,
    })),
  );
}
