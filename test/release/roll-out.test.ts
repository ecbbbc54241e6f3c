import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import audit from '../../terraform/audit.json' with { type: 'json' };
import { aCloud, type CloudState, digests, gcloudOn, imageOf, REGION, tagsOf, trafficOf } from './cloud.ts';

/** The programs of a release as Cloud Build runs them, with a gcloud on the PATH that speaks for a cloud which outlives them. */

const programs = fileURLToPath(new URL('../../release', import.meta.url));
const names = ['sallyport-keeper', 'sallyport-console', 'sallyport-gateway'];

const { tables } = audit;
let cloud: CloudState;
/** Whether the smoke test's job ends well, and what is told of each command. */
let smokeHolds = true;
let tell = (_words: string[]) => {};
beforeEach(() => {
  cloud = aCloud();
  smokeHolds = true;
  tell = () => {};
});

/** Words, each ended by a zero byte, and an empty one at the end; answered with the exit status in a line, and what is printed. */
const speaker = createServer((socket) => {
  let text = '';
  socket.setEncoding('utf8').on('data', (piece) => {
    text += piece;
    if (!text.endsWith('\0\0')) return;
    const words = text.slice(0, -2).split('\0');
    tell(words);
    socket.end(answer(words));
  });
});

function answer(words: string[]): string {
  try {
    if (words.includes('execute') && !smokeHolds) throw new Error('The execution failed.');
    return `0\n${JSON.stringify(gcloudOn(cloud, words) ?? null)}`;
  } catch (error) {
    return `1\nERROR: ${error instanceof Error ? error.message : error}`;
  }
}

const gcloud = `#!/usr/bin/env bash
exec 3<>"/dev/tcp/127.0.0.1/$FAKE_GCLOUD"
printf '%s\\0' "$@" >&3
printf '\\0' >&3
IFS= read -r status <&3
if [ "$status" = 0 ]; then cat <&3; else cat <&3 >&2; fi
exit "$status"
`;

/** Metadata, BigQuery and Monitoring: a token for whoever asks, the tables, and a keeper that is well. */
const google = createHttp((request, response) => {
  const filter = new URL(request.url ?? '', 'http://google').searchParams.get('filter') ?? '';
  response.writeHead(200, { 'Content-Type': 'application/json' });
  if (request.url?.startsWith('/computeMetadata/')) return response.end('{"access_token":"ya29"}');
  const table = tables.find(({ name }) => request.url?.endsWith(`/datasets/sallyport_audit/tables/${name}`));
  if (table !== undefined) return response.end(JSON.stringify(table));
  if (filter.includes('audit-lag')) return response.end('{"timeSeries":[{"points":[{"value":{"doubleValue":1}}]}]}');
  return response.end('{}');
});

let dir = '';
const listening = async (server: Server) => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};
let ports = { speaker: 0, google: 0 };

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sallyport-roll-out-'));
  await writeFile(join(dir, 'gcloud'), gcloud);
  await chmod(join(dir, 'gcloud'), 0o755);
  ports = { speaker: await listening(speaker), google: await listening(google) };
});
afterAll(async () => {
  speaker.close();
  google.close();
  await rm(dir, { recursive: true, force: true });
});

type Ended = { code: number | null; said: string };

function start(words: string[], more: Record<string, string> = {}): { child: ChildProcess; ended: Promise<Ended> } {
  const env = {
    PATH: `${dir}:${process.env['PATH']}`,
    FAKE_GCLOUD: String(ports.speaker),
    GCE_METADATA_HOST: `127.0.0.1:${ports.google}`,
    MONITORING_URL: `http://127.0.0.1:${ports.google}`,
    BIGQUERY_URL: `http://127.0.0.1:${ports.google}`,
    DATASET: 'sallyport_audit',
    PROJECT_ID: 'acme',
    REGION,
    NAME: 'sallyport',
    BUILD_ID: 'b1',
    AUDIENCE: 'https://sallyport.example.com',
    STEPS: '10 50 100',
    WATCH_SECONDS: '0.1',
    MAX_ERRORS: '0.02',
    MAX_LAG: '300',
    ...more,
  };
  const child = spawn(process.execPath, words, { cwd: programs, env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece) => (said += piece));
  return { child, ended: once(child, 'close').then(([code]) => ({ code, said })) };
}

const rollOut = (more?: Record<string, string>) => start(['roll-out.ts', imageOf(digests.new)], more);
const served = () => names.map((name) => trafficOf(cloud, name));
const marks = () => names.flatMap((name) => Object.keys(tagsOf(cloud, name)));
const old = names.map((name) => ({ [`${name}-00001-old`]: 100 }));
const rolled = names.map((name) => ({ [`${name}-00002-new`]: 100 }));

vi.setConfig({ testTimeout: 120_000 });

/** Resolves once the gateway's new revision is given this much. */
const given = (percent: number) =>
  new Promise<void>((resolve) => {
    tell = (words) => {
      if (words.some((word) => word.startsWith(`--to-revisions=sallyport-gateway-00002-new=${percent}`))) resolve();
    };
  });

test('a release rolls out, and its smoke test ran in the image that is rolled out', async () => {
  const { code, said } = await rollOut().ended;

  expect([code, said.trim().split('\n').at(-1)]).toEqual([0, 'Rolled out.']);
  expect(served()).toEqual(rolled);
  const { image, command, args, variables } = cloud.jobs['sallyport-smoke'] ?? {};
  expect([image, command]).toEqual([imageOf(digests.new), '/nodejs/bin/node']);
  expect(args).toMatch(/^\^@@@\^--input-type=module-typescript@@@--eval@@@\/\/ Tries a gateway/);
  expect(args?.split('@@@')).toHaveLength(4);
  expect(variables).toBe(
    '^@@@^SMOKE_URL=https://candidate---sallyport-gateway-x.a.run.app@@@SMOKE_AUDIENCE=https://sallyport.example.com@@@SMOKE_INVOKER=',
  );
});

test('a smoke test that fails ends the release, and nothing was moved', async () => {
  smokeHolds = false;

  const { code, said } = await rollOut().ended;

  expect(code).toBe(1);
  expect(said).toContain('The execution failed.');
  expect(served()).toEqual(old);
  expect(cloud.done.join('\n')).not.toMatch(/--to-revisions=\S*-new/);
});

test('a build that is told to stop puts back what served before', async () => {
  const half = given(50);
  const { child, ended } = rollOut({ STEPS: '50 100' });
  await half;

  child.kill('SIGTERM');

  expect(await ended).toMatchObject({ code: 1, said: expect.stringContaining('SIGTERM came.') });
  expect([served(), marks()]).toEqual([old, []]);
});

test('what a build leaves that was killed is put back by hand, and by the next build', async () => {
  const half = given(50);
  const { child, ended } = rollOut();
  await half;
  child.kill('SIGKILL');
  await ended;
  const left = structuredClone(cloud);

  const byHand = await start(['roll-back.ts', 'acme', REGION]).ended;
  const after = [served(), marks()];
  cloud = left;
  const next = await rollOut().ended;

  expect(byHand.code).toBe(0);
  expect(after).toEqual([old, []]);
  expect(next.code).toBe(0);
  expect(next.said).toContain('A release before this one did not come to its end.');
  expect(served()).toEqual(names.map((name) => ({ [`${name}-00003-new`]: 100 })));
});

test('of two builds at once the younger changes nothing', async () => {
  const substitutions = { _NAME: 'sallyport' };
  cloud.builds.push({ id: 'b2', startTime: '2026-01-01T10:00:01Z', substitutions });

  const { code, said } = await rollOut({ BUILD_ID: 'b2' }).ended;

  expect([code, said]).toEqual([1, 'Release b1 goes on: run this one again when it has ended.\n']);
  expect(cloud.done).toEqual([]);
});
