import { type GrpcEmulator, serveGrpc } from '../grpc/grpc.ts';
import { keyMethods } from './keys.ts';
import { signingMethods } from './signing.ts';
import { openStore } from './store.ts';
import { versionMethods } from './versions.ts';

export type KmsOptions = {
  /** 0 takes a free port. */
  port?: number;
  /** Keeps the keys between starts, in the clear, readable by its owner alone; without it they live in memory. */
  file?: string;
  /** Milliseconds since 1970. */
  now?: () => number;
};

/**
 * Resolves with google.cloud.kms.v1 on loopback, for Google's own client: `apiEndpoint: '127.0.0.1'`, `port`, and
 * `sslCreds` made with `createInsecure()`. Keys sign with EC_SIGN_P256_SHA256 or authenticate with HMAC_SHA256; they are
 * real, but held by an ordinary process. What it lacks (encryption, imports, HSMs, IAM) answers UNIMPLEMENTED.
 */
export async function startKms(options: KmsOptions = {}): Promise<GrpcEmulator> {
  const { port = 0, file, now = Date.now } = options;
  const store = openStore(file);
  const emulator = await serveGrpc({
    descriptors: '@google-cloud/kms/build/protos/protos.json',
    service: 'google.cloud.kms.v1.KeyManagementService',
    methods: { ...keyMethods(store, now), ...versionMethods(store, now), ...signingMethods(store, now) },
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
