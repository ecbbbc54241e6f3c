import { expect, test } from 'vitest';
import { createSmoke } from '../../release/smoke-job.ts';

const gateway = {
  service: 'sallyport-gateway',
  url: 'https://sallyport-gateway-x.a.run.app',
  checksCallers: false,
  newest: 'sallyport-gateway-00002-new',
  traffic: { 'sallyport-gateway-00001-old': 100 },
  tags: {
    candidate: { revision: 'sallyport-gateway-00002-new', url: 'https://candidate---sallyport-gateway-x.a.run.app' },
  },
};
const image = `europe-west1-docker.pkg.dev/acme/sallyport/sallyport@sha256:${'1'.repeat(64)}`;

async function commandsOf(of: typeof gateway): Promise<string[][]> {
  const commands: string[][] = [];
  const gcloud = {
    ask: () => Promise.reject(new Error('Nothing is asked.')),
    tell: async (...words: string[]) => void commands.push(words),
  };
  const audience = 'https://sallyport.example.com';
  await createSmoke({ gcloud, region: 'europe-west1', job: 'sallyport-smoke', audience })(of, image);
  return commands;
}

test('the smoke test is put into the job before it runs, and is waited for', async () => {
  const commands = await commandsOf(gateway);

  expect(commands.map((words) => words.slice(0, 4).join(' '))).toEqual([
    'run jobs update sallyport-smoke',
    'run jobs execute sallyport-smoke',
  ]);
  expect(commands[1]).toContain('--wait');
});

test('where Cloud Run checks callers as well, the smoke test has a token for that, too', async () => {
  const [open = []] = await commandsOf(gateway);
  const [closed = []] = await commandsOf({ ...gateway, checksCallers: true });

  expect(open.at(-1)).toMatch(/SMOKE_INVOKER=$/);
  expect(closed.at(-1)).toMatch(/SMOKE_INVOKER=https:\/\/sallyport-gateway-x\.a\.run\.app$/);
});

test('no text of the smoke test is taken for the sign between two words', async () => {
  const [[, , , , , , , args = ''] = []] = await commandsOf(gateway);

  expect(args.startsWith('--args=^@@@^')).toBe(true);
  expect(args.split('@@@')).toHaveLength(4);
});

test('a gateway without a candidate is not tried', async () => {
  await expect(commandsOf({ ...gateway, tags: {} as typeof gateway.tags })).rejects.toThrow('no candidate to try');
});
