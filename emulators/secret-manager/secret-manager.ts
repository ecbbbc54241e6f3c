import { type GrpcEmulator, serveGrpc } from '../grpc/grpc.ts';
import { secretMethods } from './secrets.ts';
import { openStore } from './store.ts';
import { versionMethods } from './versions.ts';

export type SecretManagerOptions = {
  /** 0 takes a free port. */
  port?: number;
  /** Keeps the secrets between starts, in the clear, readable by its owner alone; without it they live in memory. */
  file?: string;
  /** Milliseconds since 1970. */
  now?: () => number;
};

/**
 * Resolves with google.cloud.secretmanager.v1 on loopback, for Google's own client: `apiEndpoint: '127.0.0.1'`, `port`,
 * and `sslCreds` made with `createInsecure()`. There are no permissions. What it lacks (regional secrets, IAM, rotation,
 * topics, expiry, filters) answers UNIMPLEMENTED.
 */
export async function startSecretManager(options: SecretManagerOptions = {}): Promise<GrpcEmulator> {
  const { port = 0, file, now = Date.now } = options;
  const store = openStore(file);
  const emulator = await serveGrpc({
    descriptors: '@google-cloud/secret-manager/build/protos/protos.json',
    service: 'google.cloud.secretmanager.v1.SecretManagerService',
    methods: { ...secretMethods(store, now), ...versionMethods(store, now) },
    port,
  }).catch((error) => {
    store.close();
    throw error;
  });
  return {
    ...emulator,
    async stop() {
      await emulator.stop();
      store.close();
    },
  };
}
