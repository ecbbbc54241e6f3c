import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Place = { port: number; file: (name: string) => { file?: string } };

type Emulator = {
  title: string;
  /** From the base port. */
  offset: number;
  /** The environment variable that sends clients to it. */
  variable?: string;
  /** `value` is what the variable holds, where it is not the address. */
  start(place: Place): Promise<{ at: string; value?: string; stop(): unknown }>;
};

/** The only list of emulators, by the name that `--only` takes. Each is loaded when it is started: some are heavy. */
export const emulators = {
  issuer: {
    title: 'Token issuer (OIDC)',
    offset: 3,
    start: async ({ port }) => {
      const { startIssuer } = await import('./issuer/issuer.ts');
      const { url, stop } = await startIssuer({ port });
      return { at: url, stop };
    },
  },
  firestore: {
    title: 'Firestore',
    offset: 4,
    variable: 'FIRESTORE_EMULATOR_HOST',
    start: async ({ port, file }) => {
      const indexes = JSON.parse(await readFile(new URL('../firestore.indexes.json', import.meta.url), 'utf8'));
      const { startFirestore } = await import('./firestore/firestore.ts');
      const { address, stop } = await startFirestore({ port, indexes, ...file('firestore.sqlite') });
      return { at: address, stop };
    },
  },
  'secret-manager': {
    title: 'Secret Manager',
    offset: 5,
    variable: 'SECRET_MANAGER_EMULATOR_HOST',
    start: async ({ port, file }) => {
      const { startSecretManager } = await import('./secret-manager/secret-manager.ts');
      const { address, stop } = await startSecretManager({ port, ...file('secrets.sqlite') });
      return { at: address, stop };
    },
  },
  bigquery: {
    title: 'BigQuery',
    offset: 6,
    variable: 'BIGQUERY_EMULATOR_HOST',
    start: async ({ port, file }) => {
      const { startBigQuery } = await import('./bigquery/bigquery.ts');
      const { url, stop } = await startBigQuery({ port, ...file('bigquery.duckdb') });
      return { at: url, stop };
    },
  },
  kms: {
    title: 'Cloud KMS',
    offset: 7,
    variable: 'KMS_EMULATOR_HOST',
    start: async ({ port, file }) => {
      const { startKms } = await import('./kms/kms.ts');
      const { address, stop } = await startKms({ port, ...file('keys.sqlite') });
      return { at: address, stop };
    },
  },
  kubernetes: {
    title: 'Kubernetes',
    offset: 9,
    variable: 'KUBECONFIG',
    start: async ({ port }) => {
      const { startKubernetes } = await import('./kubernetes/kubernetes.ts');
      const { url, kubeconfig, stop } = await startKubernetes({ port });
      const dir = await mkdtemp(join(tmpdir(), 'kubernetes-'));
      const value = join(dir, 'kubeconfig');
      await writeFile(value, kubeconfig(), { mode: 0o600 });
      const leave = async () => {
        await stop();
        await rm(dir, { recursive: true });
      };
      return { at: url, value, stop: leave };
    },
  },
} as const satisfies Record<string, Emulator>;

export type EmulatorName = keyof typeof emulators;

export type Running = { title: string; at: string; variable?: string; value?: string };

export type StartOptions = {
  names: EmulatorName[];
  /** Ports are this and the emulator's offset; 0 takes free ones. */
  portBase: number;
  /** Keeps data there between starts; without it they live in memory. */
  dir?: string | undefined;
};

/** All of them, or none: when one cannot start, those that have are stopped again and the reason is thrown. */
export async function startEmulators({ names, portBase, dir }: StartOptions) {
  if (dir !== undefined) await mkdir(dir, { recursive: true, mode: 0o700 });
  const stops: (() => unknown)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0)) await each();
  };

  const running: Running[] = [];
  for (const name of names) {
    const { title, offset, start, ...rest }: Emulator = emulators[name];
    const port = portBase === 0 ? 0 : portBase + offset;
    try {
      const file: Place['file'] = (fileName) => (dir === undefined ? {} : { file: join(dir, fileName) });
      const started = await start({ port, file });
      stops.push(started.stop);
      const { at, value = at } = started;
      running.push({ title, at, value, ...rest });
    } catch (error) {
      await stop();
      throw explained(error, title, port);
    }
  }
  return { running, stop };
}

function explained(error: unknown, title: string, port: number): Error {
  // gRPC wraps the system's error in a text of its own.
  const taken = /EADDRINUSE/.test(`${error} ${error instanceof Error && 'code' in error ? error.code : ''}`);
  const reason = taken ? `port ${port} is taken; choose others with --port-base` : String(error);
  return new Error(`${title} cannot start: ${reason}.`, { cause: error });
}
