import { createRequire } from 'node:module';
import { credentials, Metadata, makeGenericClientConstructor } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

/** Sends messages exactly as given. Rejects with gRPC's `code` and `details`. */
export interface RawClient {
  call(method: string, request: object): Promise<Record<string, unknown>>;
  stream(method: string, request: object): Promise<Record<string, unknown>[]>;
  /** Sends bytes that need not be a message. */
  bytes(method: string, body: Buffer): Promise<unknown>;
  /** Sends listen requests and gathers what is answered until `enough` says so or the stream ends. */
  listen(requests: object[], enough: (seen: Record<string, unknown>[]) => boolean): Promise<Record<string, unknown>[]>;
  close(): void;
}

export function createRawClient(address: string): RawClient {
  const client = createRequire(createRequire(import.meta.url).resolve('@google-cloud/firestore'));
  const json = client('@google-cloud/firestore-api/build/protos/protos.json');
  const options = { longs: String, enums: String, bytes: Buffer, oneofs: true, defaults: true };
  const service = fromJSON(json, options)['google.firestore.v1.Firestore'];
  if (service === undefined || 'format' in service) throw new Error('The Firestore service is not described.');
  const Client = makeGenericClientConstructor(service, 'Firestore');
  const stub = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer owner');
  metadata.set('google-cloud-resource-prefix', 'projects/conformance/databases/(default)');

  function definition(method: string) {
    const found = Object.entries(service ?? {}).find(([name]) => name === method)?.[1];
    if (found === undefined) throw new Error(`No method ${method}.`);
    return found;
  }

  function unary(path: string, encode: (request: object) => Buffer, decode: (b: Buffer) => object, request: object) {
    return new Promise<Record<string, unknown>>((resolve, reject) => {
      stub.makeUnaryRequest(path, encode, decode, request, metadata, (error, answer) =>
        error ? reject(error) : resolve({ ...answer }),
      );
    });
  }

  return {
    call(method, request) {
      const { path, requestSerialize, responseDeserialize } = definition(method);
      return unary(path, requestSerialize, responseDeserialize, request);
    },
    bytes: (method, body) =>
      unary(
        definition(method).path,
        () => body,
        (answer) => answer,
        {},
      ),
    stream(method, request) {
      const { path, requestSerialize, responseDeserialize } = definition(method);
      return new Promise((resolve, reject) => {
        const rows: Record<string, unknown>[] = [];
        stub
          .makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata)
          .on('data', (row) => rows.push(row))
          .on('error', reject)
          .on('end', () => resolve(rows));
      });
    },
    listen(requests, enough) {
      const { path, requestSerialize, responseDeserialize } = definition('Listen');
      return new Promise((resolve, reject) => {
        const seen: Record<string, unknown>[] = [];
        const call = stub.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
        let done = false;
        call.on('data', (message) => {
          seen.push(message);
          if (done || !enough(seen)) return;
          done = true;
          call.cancel();
          resolve(seen);
        });
        call.on('error', (error) => (done ? undefined : reject(error)));
        for (const request of requests) call.write(request);
      });
    },
    close: () => stub.close(),
  };
}
