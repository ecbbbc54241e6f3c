import { createRequire } from 'node:module';
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

/** A refusal as Google's clients see it: a gRPC code and a text. */
class Refusal extends Error {
  readonly code: status;
  readonly details: string;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
    this.details = details;
  }
}

export const invalid = (details: string): Error => new Refusal(status.INVALID_ARGUMENT, details);
export const notFound = (details: string): Error => new Refusal(status.NOT_FOUND, details);
export const alreadyExists = (details: string): Error => new Refusal(status.ALREADY_EXISTS, details);
export const failedPrecondition = (details: string): Error => new Refusal(status.FAILED_PRECONDITION, details);
/** For what the real service does and this one does not: said aloud instead of ignored. */
export const unimplemented = (details: string): Error => new Refusal(status.UNIMPLEMENTED, details);

/** By RPC name. A method of the service that is not among them answers UNIMPLEMENTED. */
type Methods = Record<string, (request: never) => object>;

export type GrpcOptions = {
  /** Module path of the descriptors that Google's own client carries. */
  descriptors: string;
  service: string;
  methods: Methods;
  /** 0 takes a free port. */
  port: number;
};

export type GrpcEmulator = {
  /** `127.0.0.1:PORT` */
  address: string;
  stop(): Promise<void>;
};

/** Serves unary methods on loopback without TLS, as Google's emulators do. Throws when the port is taken. */
export async function serveGrpc({ descriptors, service, methods, port }: GrpcOptions): Promise<GrpcEmulator> {
  const server = new Server();
  server.addService(loadService(descriptors, service), handlers(methods));
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, chosen) =>
      error ? reject(error) : resolve(chosen),
    );
  });
  return {
    address: `127.0.0.1:${bound}`,
    async stop() {
      // Clients keep their connections open for ever: waiting for them would be waiting for nothing.
      server.forceShutdown();
    },
  };
}

function loadService(descriptors: string, service: string): ServiceDefinition {
  const json = createRequire(import.meta.url)(descriptors);
  const definition = fromJSON(json, { longs: String, enums: String, bytes: Buffer })[service];
  if (definition === undefined || 'format' in definition) throw new Error(`${descriptors} has no service ${service}.`);
  return definition as ServiceDefinition;
}

function handlers(methods: Methods): UntypedServiceImplementation {
  const unary = (method: Methods[string]): handleUnaryCall<never, object> => {
    return ({ request }, callback) => {
      try {
        callback(null, method(request));
      } catch (error) {
        callback(error instanceof Refusal ? error : { code: status.INTERNAL, details: String(error) });
      }
    };
  };
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [name, unary(method) as UntypedHandleCall]),
  );
}

/** A `bytes` field, which the loader gives as a Buffer and the generated types also allow as base64. */
export const bytesOf = (field: Uint8Array | string | null | undefined): Buffer<ArrayBuffer> =>
  typeof field === 'string' ? Buffer.from(field, 'base64') : Buffer.from(field ?? []);

/** `google.protobuf.Timestamp` of milliseconds since 1970. */
export function timestamp(milliseconds: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}
