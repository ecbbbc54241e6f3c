import { createRequire } from 'node:module';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { type AnyDefinition, fromJSON } from '@grpc/proto-loader';
import type { FieldsCodec } from './document-file.ts';
import type { Document } from './wire.ts';

/** Source: "Maximum API request size: 10 MiB" in Firestore's quotas. */
const MAX_REQUEST_BYTES = 10 * 1024 * 1024;

/** Stands in for a request whose bytes cannot be used; the handler turns it into INVALID_ARGUMENT. */
export class Unreadable {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** The service's own definition, taken from the descriptors that Google's client brings along. */
export function loadProtocol(): { service: ServiceDefinition; codec: FieldsCodec } {
  const ours = createRequire(import.meta.url);
  const clients = createRequire(ours.resolve('@google-cloud/firestore'));
  const definitions = fromJSON(clients('@google-cloud/firestore-api/build/protos/protos.json'), {
    longs: String,
    enums: String,
    bytes: Buffer,
    oneofs: true,
    defaults: true,
  });
  return {
    service: guarded(definitions['google.firestore.v1.Firestore']),
    codec: fieldsCodec(definitions['google.firestore.v1.Document']),
  };
}

function guarded(definition: AnyDefinition | undefined): ServiceDefinition {
  if (definition === undefined || 'format' in definition) throw new Error('The Firestore service is not described.');
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [
      name,
      { ...method, requestDeserialize: (bytes: Buffer) => readable(bytes, method.requestDeserialize) },
    ]),
  );
}

function readable(bytes: Buffer, decode: (bytes: Buffer) => object): object {
  if (bytes.length > MAX_REQUEST_BYTES)
    return new Unreadable(`Request payload size exceeds the limit: ${MAX_REQUEST_BYTES} bytes.`);
  try {
    return decode(bytes);
  } catch {
    return new Unreadable('The request is not a well-formed protocol buffer.');
  }
}

function fieldsCodec(definition: AnyDefinition | undefined): FieldsCodec {
  if (definition === undefined || !('serialize' in definition)) throw new Error('Documents are not described.');
  const { serialize, deserialize } = definition;
  if (typeof serialize !== 'function' || typeof deserialize !== 'function')
    throw new Error('Documents cannot be serialized.');
  return {
    encode: (fields) => serialize({ fields }),
    decode: (bytes) => (deserialize(Buffer.from(bytes)) as Document).fields,
  };
}
