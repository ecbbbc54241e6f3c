import { expect, test } from 'vitest';
import type { Connection, Limits } from '../../src/model/connection.ts';
import type { Operation } from '../../src/model/operation.ts';
import { asProblem, Problem } from '../../src/model/problem.ts';
import type { Message, Result } from '../../src/model/result.ts';
import { CredentialRejected, Secret } from '../../src/model/secret.ts';
import type { Target } from '../../src/targets/target.ts';
import { aCaller } from '../fakes/caller.ts';
import { unkeptTranscript } from '../fakes/transcript.ts';

/** What a kind of target brings so that the promises every target makes can be tried on it. */
export type Subject<Settings, Request, Facts, Plan> = {
  target: Target<Settings, Request, Facts, Plan>;
  connection: Connection;
  settings: Settings;
  /** A secret that the target accepts, and one that it does not. */
  secret: string;
  wrongSecret: string;
  requests: {
    /** Answers one row, or one small document. */
    small: Request;
    /** As `small`, and one byte different. */
    almostSmall: Request;
    /** Answers at least 5,000 rows, or a document of at least 500,000 bytes. */
    large: Request;
    /** Runs for a minute unless it is cancelled. */
    slow: Request;
    /** Fails at the target, with a message that holds `leakedByTheTarget`. */
    failing: Request;
    /** In no grammar. */
    unreadable: Request;
  };
  leakedByTheTarget: string;
  /** Whether the target still works on `slow`. */
  isRunning: () => Promise<boolean>;
};

const seal = (className: string) => `«${className}:…»`;
const tokenKey = () => new Uint8Array(32);

/** The suite every target passes. Call it inside a `describe`; `subject` is asked once the target is up. */
export function targetContract<Settings, Request, Facts, Plan>(subject: () => Subject<Settings, Request, Facts, Plan>) {
  const access = (signal = new AbortController().signal, limits: Limits = {}, secret = subject().secret) => {
    const { connection, settings } = subject();
    return {
      connection,
      settings,
      secret: new Secret(secret, `projects/p/secrets/s/versions/${secret.length}`),
      signal,
      limits,
      caller: aCaller(),
      transcript: unkeptTranscript,
    };
  };
  const understand = async (request: Request): Promise<Operation<Plan>> => {
    const { target, connection } = subject();
    return target.understand(request, await target.inspect(access(), request), {
      connection,
      unmask: [],
      seal,
      tokenKey,
    });
  };
  const execute = async (request: Request, given = access()): Promise<Result> => {
    const operation = await understand(request);
    return subject().target.execute(operation, given);
  };

  test('an understood request is answered', async () => {
    const result = await execute(subject().requests.small);

    expect((await all(result)).bytes).toBeGreaterThan(0);
    expect(result.summary()).toMatchObject({ truncated: false });
  });

  test('results come in batches, not all at once', async () => {
    const { items, rows, bytes } = await all(await execute(subject().requests.large));

    expect(items).toBeGreaterThan(1);
    if (rows === undefined) expect(bytes).toBeGreaterThanOrEqual(500_000);
    else expect(rows).toBeGreaterThanOrEqual(5000);
  });

  test('no more rows than the limit leave, and the answer says that it was cut', async () => {
    const result = await execute(subject().requests.large, access(undefined, { rows: 7 }));
    if (result.form !== 'rows') return;

    expect((await all(result)).rows).toBe(7);
    expect(result.summary().truncated).toBe(true);
  });

  test('no more bytes than the limit leave', async () => {
    const result = await execute(subject().requests.large, access(undefined, { bytes: 2000 }));

    const read = await all(result).catch(asProblem);

    // Half a document is none, so one that is too large is refused; of rows, as many as fit leave.
    if (read instanceof Problem) expect(read.code).toBe('too-large');
    else {
      expect(read.bytes).toBeLessThan(3000);
      expect(read.bytes).toBeGreaterThan(0);
      expect(result.summary().truncated).toBe(true);
    }
  });

  test('a request that takes longer than its limit is ended', async () => {
    const answer = execute(subject().requests.slow, access(undefined, { seconds: 1 })).then(all);

    await expect(answer).rejects.toMatchObject({ code: 'target-timeout' });
    await expect.poll(subject().isRunning).toBe(false);
  });

  test('when the caller goes away, the work is cancelled at the target', async () => {
    const caller = new AbortController();
    const answer = execute(subject().requests.slow, access(caller.signal)).then(all);
    answer.catch(() => {});
    await expect.poll(subject().isRunning, { timeout: 5000 }).toBe(true);

    caller.abort();

    await expect(answer).rejects.toMatchObject({ code: 'timeout' });
    await expect.poll(subject().isRunning, { timeout: 5000 }).toBe(false);
  });

  test('a call given up at any moment ends, and holds nothing', async () => {
    const given = [
      AbortSignal.abort(),
      ...Array.from({ length: 30 }, (_, milliseconds) => {
        const caller = new AbortController();
        setTimeout(() => caller.abort(), milliseconds);
        return caller.signal;
      }),
    ];

    const ends = await Promise.allSettled(
      given.map((signal) => execute(subject().requests.small, access(signal)).then(all)),
    );

    for (const end of ends)
      if (end.status === 'rejected') expect(asProblem(end.reason)).toMatchObject({ code: 'timeout' });
    expect(ends[0]?.status).toBe('rejected');
    expect((await all(await execute(subject().requests.small))).bytes).toBeGreaterThan(0);
  });

  test('leaving the answer early leaves the target usable', async () => {
    for (let round = 0; round < 30; round += 1) {
      for await (const _item of itemsOf(await execute(subject().requests.large))) break;
    }

    expect((await all(await execute(subject().requests.small))).bytes).toBeGreaterThan(0);
  });

  test('what goes wrong is told in our words: neither the secret nor what the target said of its data', async () => {
    const { secret, leakedByTheTarget, requests } = subject();

    const failure = await execute(requests.failing)
      .then(async (result) => ({ ...(await all(result)), ...(result.form === 'body' && { status: result.status }) }))
      .catch(asProblem);

    const told = `${JSON.stringify(failure)} ${String(failure)} ${'detail' in failure ? failure.detail : ''}`;
    // What speaks HTTP keeps the status that the target answered with.
    if ('status' in failure && !(failure instanceof Problem)) expect(failure.status).toBeGreaterThanOrEqual(400);
    else expect(failure).toMatchObject({ code: 'target-rejected' });
    expect(told).not.toContain(leakedByTheTarget);
    expect(told).not.toContain(secret);
  });

  test('a credential that is not accepted is told apart, before anything ran', async () => {
    const operation = await understand(subject().requests.small);

    const answer = subject().target.execute(operation, access(undefined, {}, subject().wrongSecret));

    await expect(answer).rejects.toBeInstanceOf(CredentialRejected);
  });

  test('what is not a credential at all is not tried', async () => {
    const operation = await understand(subject().requests.small);

    const answer = subject().target.execute(operation, access(undefined, {}, 'no credential'));

    await expect(answer).rejects.toMatchObject({ code: 'credential-unavailable' });
  });

  test('what cannot be read is refused', async () => {
    await expect(understand(subject().requests.unreadable)).rejects.toMatchObject({ code: 'operation-unreadable' });
  });

  test('unknown fields in a request or in the settings are refused', () => {
    const { target, settings, requests } = subject();

    expect(target.request.safeParse({ ...requests.small, extra: 1 }).success).toBe(false);
    expect(target.settings.safeParse({ ...settings, extra: 1 }).success).toBe(false);
  });

  test('the same request means the same twice, and another in any byte is another', async () => {
    const [one, again, other] = [
      await understand(subject().requests.small),
      await understand(subject().requests.small),
      await understand(subject().requests.almostSmall),
    ];

    const bound = ({ statement, parameters }: Operation<Plan>) => JSON.stringify([statement, parameters]);
    expect(bound(one)).toBe(bound(again));
    expect(bound(one)).not.toBe(bound(other));
  });
}

async function all(result: Result) {
  let items = 0;
  let bytes = 0;
  let rows = 0;
  let text = '';
  for await (const item of itemsOf(result)) {
    items += 1;
    if (text.length < 10_000) text += Buffer.from(item.bytes).toString();
    bytes += item.bytes.byteLength;
    rows += item.rows ?? 0;
  }
  return { items, bytes, text, rows: result.form === 'rows' ? rows : undefined };
}

function itemsOf(result: Result): AsyncIterable<{ bytes: Uint8Array; rows?: number }> {
  if (result.form === 'rows') return result.batches;
  return result.form === 'body' ? result.pieces : unbroken(result.messages);
}

/** The message that tells of a problem ends a connection as a throw ends an answer. */
async function* unbroken(messages: AsyncIterable<Message>) {
  for await (const { bytes, problem } of messages) {
    if (problem !== undefined) throw problem;
    yield { bytes };
  }
}
