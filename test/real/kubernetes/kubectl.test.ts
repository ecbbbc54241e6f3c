import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leaks, likeness } from './alike.ts';
import { type Command, changing, reading } from './commands.ts';
import { type Governed, govern } from './gateway.ts';
import { createShell } from './kubectl.ts';
import { asAdmin, serverOfEnvironment } from './server.ts';
import { type Stage, setStage } from './stage.ts';

const server = serverOfEnvironment();

describe.skipIf(server === undefined)('every command of kubectl says through the gateway what it says straight', () => {
  const given = server as NonNullable<typeof server>;
  const leaked = new Set<string>();
  const tails = new Map<number, string>();
  let dir = '';
  let stage: Stage;
  let minor = 0;
  let governed: Governed;
  let forwarded: HttpServer;
  let environment: Record<string, string>;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sallyport-kubectl-'));
    stage = await setStage(given);
    minor = Number.parseInt((await asAdmin(given)('GET', '/version')).minor ?? '', 10);
    governed = await govern(given, watchForLeaks);
    forwarded = createServer((_request, response) => response.end('hello from the pod\n'));
    await new Promise<void>((resolve) => forwarded.listen(0, '127.0.0.1', resolve));
    const address = forwarded.address();
    environment = {
      PORT: String(typeof address === 'object' ? address?.port : ''),
      POD_FILE: join(dir, 'in-the-pod.txt'),
    };
  }, 120_000);

  afterAll(async () => {
    forwarded?.close();
    await governed?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  /** Every byte that leaves, as it leaves. */
  function watchForLeaks(bytes: Buffer, connection: number) {
    const text = (tails.get(connection) ?? '') + bytes.toString('latin1');
    for (const value of leaks(text)) leaked.add(`${value} in …${around(text, value)}…`);
    tails.set(connection, text.slice(-200));
  }

  describe.each((server?.kubectls ?? []).map((path) => ({ path, name: basename(path) })))('$name', ({ path, name }) => {
    let straight: Awaited<ReturnType<typeof createShell>>;
    let through: Awaited<ReturnType<typeof createShell>>;

    beforeAll(async () => {
      const places = {
        straight: { url: given.url.origin, ca: given.ca, token: given.token, prefix: '' },
        through: governed,
      };
      straight = await createShell(join(dir, name, 'straight'), path, places.straight);
      through = await createShell(join(dir, name, 'through'), path, places.through);
      await stage.reset();
    });

    async function compare({ run, own }: Command, anew: boolean) {
      const first = likeness(await straight(run, environment));
      if (anew) await stage.reset();
      const raw = await through(run, environment);
      const second = likeness(raw);

      if (own === undefined) expect(second).toEqual(first);
      else {
        expect(`${second.stdout}\n${second.stderr}`, own.because).toMatch(own.says);
        expect(second.status, own.because).toBe(own.status);
      }
      expect(leaks(raw.stdout + raw.stderr)).toEqual([]);
    }

    test.for(reading)('$run', { timeout: 90_000 }, (command, { skip }) => {
      skip(command.modern === true && minor < 30, 'the server is too old');
      return compare(command, false);
    });

    describe('where it changes something', () => {
      test.each(changing)(
        '$run',
        async (command) => {
          await stage.reset();
          await compare(command, true);
        },
        90_000,
      );
    });

    test('nothing of what is hidden is in what kubectl tells of its requests and answers', async () => {
      await stage.reset();
      const said = [];
      for (const { run } of [...reading.slice(0, 30), ...changing.slice(0, 12)])
        said.push(await through(`kubectl() { command kubectl -v=9 "$@"; }; ${run}`, environment));

      expect(leaks(JSON.stringify(said.map(({ stdout, stderr }) => withoutOwnBodies(stdout + stderr))))).toEqual([]);
    }, 200_000);
  });

  test('no byte that left the gateway held anything that is hidden', () => {
    expect([...leaked]).toEqual([]);
  });

  test('nothing that was kept or logged holds anything that is hidden, nor a token', async () => {
    await expect.poll(async () => (await governed.trail()).length, { timeout: 30_000 }).toBeGreaterThan(100_000);
    const kept = (await governed.trail()) + governed.log();

    expect(leaks(kept)).toEqual([]);
    expect([given.token, governed.token].filter((token) => kept.includes(token))).toEqual([]);
  });
});

function around(text: string, value: string) {
  const at = text.indexOf(value);
  return at === -1 ? 'base64' : text.slice(Math.max(0, at - 60), at + value.length + 20);
}

/** What kubectl itself was given to send is told by it, too; that never left the gateway. */
function withoutOwnBodies(text: string) {
  return text.replace(/^.*Request Body.*$/gm, '');
}
