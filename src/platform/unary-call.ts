import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';

/** A call that brought no answer. `code` is gRPC's; undefined where the connection broke before there was one. */
export class CallFailed extends Error {
  override name = 'CallFailed';
  readonly code: number | undefined;

  constructor(message: string, { code, cause }: { code?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause });
    this.code = code;
  }
}

export type UnaryCalls = ReturnType<typeof createUnaryCalls>;

type UnaryCall = {
  /** `/package.Service/Method` */
  path: string;
  message: Uint8Array;
  headers: Readonly<Record<string, string>>;
  /** Milliseconds, the time to connect included. */
  deadline: number;
};

/**
 * Calls of one message and one answer (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), each sent at most
 * once. For the few that are made so often that a client which can do everything costs more than they do. Anything but a
 * whole answer and the status OK is a `CallFailed`. The connection is opened by the first call, and anew by the first
 * after it was closed or has left a call without an answer.
 */
export function createUnaryCalls(options: {
  /** `https://…`, or `http://…` without TLS. */
  origin: string;
  /** Who calls: asked before each call. */
  credentials: () => Promise<Readonly<Record<string, string>>>;
}) {
  let session: ClientHttp2Session | undefined;

  function connected(): ClientHttp2Session {
    if (session === undefined || session.closed || session.destroyed) {
      // Beyond 10 MB under way it would refuse all further calls; how much there is, is for those who call to bound.
      session = connect(options.origin, { maxSessionMemory: Number.MAX_SAFE_INTEGER });
      // Its calls fail, too, and tell it.
      session.on('error', () => undefined);
    }
    return session;
  }

  /** Other calls may still be answered; new ones go another way. */
  function leave(silent: ClientHttp2Session | undefined) {
    silent?.close();
    if (session === silent) session = undefined;
  }

  async function call({ path, message, headers, deadline }: UnaryCall): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    let used: ClientHttp2Session | undefined;
    let end = () => {};
    const timer = setTimeout(() => {
      reject(new CallFailed('There was no answer in time.', { code: DEADLINE_EXCEEDED }));
      end();
      leave(used);
    }, deadline);
    const send = async () => {
      const own = await options.credentials();
      used = connected();
      const stream = used.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-timeout': `${deadline}m`,
        ...headers,
        ...own,
      });
      end = () => stream.close(constants.NGHTTP2_CANCEL);
      const pieces: Buffer[] = [];
      let told: IncomingHttpHeaders = {};
      const tell = (headers: IncomingHttpHeaders) => {
        told = { ...told, ...headers };
      };
      stream.on('response', tell).on('trailers', tell);
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('error', (cause) => reject(new CallFailed('The connection broke.', { cause })));
      stream.on('end', () => settle(told, pieces, resolve, reject));
      stream.on('close', () => {
        // What has ended is settled, and an error is dear to make.
        if (!stream.readableEnded) reject(new CallFailed('The connection was closed.'));
      });
      stream.end(framed(message));
    };
    send().catch((cause) => reject(new CallFailed('It could not be sent.', { cause })));
    return promise.finally(() => clearTimeout(timer));
  }

  return {
    call,
    /** What runs may end. */
    async close() {
      const closing = session;
      session = undefined;
      if (closing === undefined || closing.destroyed) return;
      await new Promise<void>((resolve) => closing.close(resolve));
    },
  };
}

const DEADLINE_EXCEEDED = 4;
/** Before each message: whether it is compressed, and its length. */
const PREFIX = 5;

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX + message.byteLength);
  frame[0] = 0;
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, PREFIX);
  return frame;
}

function settle(
  told: IncomingHttpHeaders,
  pieces: readonly Buffer[],
  resolve: (answer: Buffer) => void,
  reject: (error: CallFailed) => void,
) {
  const code = codeIn(told);
  if (code !== 0) return reject(new CallFailed(`The call was answered with the status ${code}.`, { code }));
  const answer = Buffer.concat(pieces);
  if (answer.length < PREFIX || answer[0] !== 0 || answer.readUInt32BE(1) !== answer.length - PREFIX)
    return reject(new CallFailed('The answer is not one message.'));
  resolve(answer.subarray(PREFIX));
}

/** What comes from a proxy on the way has no status of gRPC's (doc/http-grpc-status-mapping.md): those that say it was not let through are kept. */
const proxied: Record<number, number> = { 401: 16, 403: 7, 404: 12 };

function codeIn({ ':status': status, 'grpc-status': code }: IncomingHttpHeaders): number | undefined {
  if (typeof code === 'string' && /^\d{1,2}$/.test(code)) return Number(code);
  return status === undefined ? undefined : proxied[Number(status)];
}
