import type { Connection, Limits } from '../../../src/model/connection.ts';
import { asProblem, type Problem } from '../../../src/model/problem.ts';
import { channels, type ProgramEnding, readEnding } from '../../../src/model/program.ts';
import type { Duplex } from '../../../src/model/result.ts';
import { Secret } from '../../../src/model/secret.ts';
import type { ChangedKey } from '../../../src/targets/ssh/connect.ts';
import { createSsh } from '../../../src/targets/ssh/ssh.ts';
import { aCaller } from '../../fakes/caller.ts';
import { unkeptTranscript } from '../../fakes/transcript.ts';

export type At = { port: number; user: string; hostKeys: readonly string[] };

function aConnection(name = 'bastion'): Connection {
  return {
    name,
    version: 'v1',
    classification: new Map(),
    transforms: new Map(),
    document: {
      kind: 'ssh',
      settings: {},
      credential: { secret: 'projects/p/secrets/s' },
      labels: {},
      unclassified: 'deny',
      limits: {},
      record: 'masked',
      approval_wait: 0,
    },
  };
}

/** Somebody who asks the target itself, as the flow would. */
export function anAgent(at: At, secret: object, given: { settings?: object; member?: string } = {}) {
  const alarms: ChangedKey[] = [];
  const target = createSsh({ allowLoopback: true, alarm: (changed) => alarms.push(changed) });
  const raw = { host: '127.0.0.1', port: at.port, user: at.user, host_keys: [...at.hostKeys], ...given.settings };
  const settings = target.settings.parse(raw);
  const connection = aConnection();
  const caller = given.member === undefined ? aCaller() : { ...aCaller(), member: given.member };
  const held = new Secret(JSON.stringify(secret), 'projects/p/secrets/s/versions/1');

  async function open(request: object, options: { signal?: AbortSignal; limits?: Limits } = {}): Promise<Duplex> {
    const { signal = new AbortController().signal, limits = {} } = options;
    const access = { connection, settings, secret: held, signal, operation: 'op_1' };
    const parsed = target.request.parse(request);
    const facts = await target.inspect(access, parsed);
    const context = {
      connection,
      unmask: [],
      seal: (name: string) => `«${name}:…»`,
      tokenKey: () => new Uint8Array(32),
    };
    const operation = await target.understand(parsed, facts, context);
    return target.execute(operation, { ...access, caller, limits, transcript: unkeptTranscript });
  }

  return {
    target,
    settings,
    connection,
    alarms,
    open,
    run: async (...asked: Parameters<typeof open>) => collect(await open(...asked)),
  };
}

export type Said = {
  stdout: Buffer;
  stderr: Buffer;
  ending: ProgramEnding | undefined;
  summary: ReturnType<Duplex['summary']>;
};

/** All that a program says. Throws the problem that ended it. */
export async function collect(duplex: Duplex): Promise<Said> {
  const said: { channel: number; bytes: Uint8Array }[] = [];
  let ending: ProgramEnding | undefined;
  for await (const { bytes, problem } of duplex.messages) {
    if (problem !== undefined) throw problem;
    const [channel = -1] = bytes;
    if (channel === channels.status) ending = readEnding(bytes.subarray(1));
    else said.push({ channel, bytes: bytes.subarray(1) });
  }
  const of = (channel: number) => Buffer.concat(said.flatMap((one) => (one.channel === channel ? [one.bytes] : [])));
  return { stdout: of(channels.stdout), stderr: of(channels.stderr), ending, summary: duplex.summary() };
}

/** What went wrong. */
export const problemOf = (work: Promise<unknown>): Promise<Problem | Error> =>
  work.then(
    () => new Error('Nothing went wrong.'),
    (thrown: unknown) => (thrown instanceof Error ? thrown : asProblem(thrown)),
  );
