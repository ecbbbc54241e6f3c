import { connect } from 'node:net';
import pg from 'pg';
import { percentile } from './numbers.ts';

/**
 * The load, as a program of its own: so many callers, each of which sends its next request once it has the answer. Prints
 * what came of it as JSON. HTTP is written and read by hand over kept connections: any client would cost more than what is measured.
 */
export type Load = {
  /** Where to, and `%d` in the body (or, for PostgreSQL, in the statement) is another number in each request. */
  url: string;
  headers: Record<string, string>;
  body: string;
  callers: number;
  /** It ends after so many seconds, or so many calls where they are said. */
  seconds: number;
  calls?: number;
  most: number;
};
export type LoadResult = {
  count: number;
  failed: number;
  seconds: number;
  p50: number;
  p99: number;
  bytes: number;
  firstFailure?: string;
};

const lastChunk = Buffer.from('0\r\n\r\n');
const load: Load = JSON.parse(process.argv[2] ?? '');
const target = new URL(load.url);
const times: number[] = [];
let failed = 0;
let bytes = 0;
let firstFailure: string | undefined;
const body = () => load.body.replaceAll('%d', String(1 + Math.floor(Math.random() * load.most)));

const start = performance.now();
const end = start + load.seconds * 1000;
const isOver = () => (load.calls === undefined ? performance.now() >= end : times.length >= load.calls);
await (target.protocol === 'http:' ? Promise.all(Array.from({ length: load.callers }, callHttp)) : callPostgres());
const seconds = (performance.now() - start) / 1000;
const result: LoadResult = {
  count: times.length,
  failed,
  seconds,
  p50: percentile(times, 50),
  p99: percentile(times, 99),
  bytes,
  ...(firstFailure !== undefined && { firstFailure }),
};
process.stdout.write(JSON.stringify(result));

async function callPostgres() {
  const pool = new pg.Pool({ connectionString: load.url, max: Math.min(load.callers, 10) });
  const caller = async () => {
    while (!isOver()) {
      const from = performance.now();
      await pool.query(body());
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: load.callers }, caller));
  await pool.end();
}

function callHttp(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const headers = Object.entries(load.headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const head = `POST ${target.pathname} HTTP/1.1\r\nHost: ${target.host}\r\n${headers}Content-Type: application/json\r\nContent-Length: `;
  const socket = connect(Number(target.port), target.hostname);
  socket.setNoDelay(true);
  let from = 0;
  let got: Buffer = Buffer.alloc(0);
  const send = () => {
    if (isOver()) {
      socket.destroy();
      return resolve();
    }
    from = performance.now();
    const text = body();
    socket.write(`${head}${Buffer.byteLength(text)}\r\n\r\n${text}`);
  };
  socket
    .on('connect', send)
    .on('error', reject)
    .on('data', (data) => {
      got = got.length === 0 ? data : Buffer.concat([got, data]);
      if (!isWhole(got)) return;
      times.push(performance.now() - from);
      bytes += got.length;
      if (!isGood(got)) {
        failed++;
        firstFailure ??= got.toString('utf8', 0, 600);
      }
      got = Buffer.alloc(0);
      send();
    });
  return promise;
}

/** Nothing is pipelined, so what ends like a chunked answer is one. */
function isWhole(answer: Buffer): boolean {
  const blank = answer.indexOf('\r\n\r\n');
  if (blank < 0) return false;
  const length = /content-length: *(\d+)/i.exec(answer.toString('latin1', 0, blank))?.[1];
  if (length !== undefined) return answer.length >= blank + 4 + Number(length);
  return answer.subarray(-5).equals(lastChunk);
}

/** The peer answers 200 to what failed, too, and says so in the answer. */
function isGood(answer: Buffer): boolean {
  return (
    answer.toString('latin1', 9, 12) === '200' && !answer.includes('"isError":true') && !answer.includes('"error":')
  );
}
