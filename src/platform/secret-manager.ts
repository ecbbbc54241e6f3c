import type { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { boundedRetries } from './bounded-retries.ts';
import { crc32c } from './crc32c.ts';

type SecretReaderOptions = {
  projectId: string;
  /** `host:port` of an emulator: no TLS and no credentials. */
  emulatorHost?: string | undefined;
  /** Milliseconds for all tries together, once the client is loaded. */
  deadline?: number;
};

/** A secret's text, and the full name of the version it is of. */
type SecretValue = { value: string; version: string };
export type ReadSecret = (name: string) => Promise<SecretValue>;

const versionSuffix = /\/versions\/[^/]+$/;

/**
 * Reads `projects/…/secrets/…`, its newest version unless one is named. Throws when it cannot be had within the deadline, did not arrive
 * whole (crc32c), is no UTF-8, or is of another secret than was asked for.
 */
export function createSecretReader(options: SecretReaderOptions): ReadSecret {
  const { deadline = 5000 } = options;
  let client: Promise<SecretManagerServiceClient> | undefined;

  async function read(client: SecretManagerServiceClient, name: string): Promise<SecretValue> {
    const asked = versionSuffix.test(name) ? name : `${name}/versions/latest`;
    const [answer] = await client.accessSecretVersion({ name: asked }, boundedRetries(deadline));
    const data = Buffer.from(answer.payload?.data ?? '');
    const checksum = answer.payload?.dataCrc32c;
    if (checksum === null || checksum === undefined || String(checksum) !== String(crc32c(data)))
      throw new Error(`The secret ${name} did not arrive whole.`);
    const value = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
    return { value, version: versionOf(answer.name ?? '', asked) };
  }

  return async (name) => {
    client ??= connect(options);
    return within(deadline, read(await client, name), name);
  };
}

/** Google answers with the project's number where it was asked by its id, and with the version that `latest` stands for. */
function versionOf(answered: string, asked: string): string {
  const [, secret, version] = /\/secrets\/([^/]+)\/versions\/([^/]+)$/.exec(asked) ?? [];
  const [, answeredSecret, number] = /^projects\/[^/]+\/secrets\/([^/]+)\/versions\/(\d+)$/.exec(answered) ?? [];
  if (number === undefined || answeredSecret !== secret || (version !== 'latest' && version !== number))
    throw new Error(`Secret Manager answered ${asked} with another secret.`);
  return answered;
}

/** The client's own deadline begins only once it has a connection and a token. */
async function within<T>(deadline: number, work: Promise<T>, name: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`The secret ${name} was not read within ${deadline} ms.`)), deadline);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Google's client takes a fifth of a second to load: only once it is needed. */
async function connect({ projectId, emulatorHost }: SecretReaderOptions): Promise<SecretManagerServiceClient> {
  const { SecretManagerServiceClient: Client } = await import('@google-cloud/secret-manager');
  if (emulatorHost === undefined) return new Client({ projectId });
  // The client's own copy: an emulator's plain channel must be made by the gRPC that uses it.
  const { grpc } = (await import('google-gax')).default;
  const [apiEndpoint = '', port] = emulatorHost.split(':');
  return new Client({ projectId, apiEndpoint, port: Number(port), sslCreds: grpc.credentials.createInsecure() });
}
