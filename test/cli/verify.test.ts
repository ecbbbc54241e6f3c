import { runCommand } from 'citty';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { createVerifyCommand } from '../../src/cli/verify.ts';
import { aBundle, removeBundles } from '../evidence/verify/bundled.ts';
import { anHonestTrail, type Honest } from '../evidence/verify/honest.ts';

let honest: Honest;
beforeAll(async () => {
  honest = await anHonestTrail();
});
afterEach(removeBundles);

/** What the command wrote and said, and its exit status. */
async function verify(rawArgs: string[], environment: Record<string, string> = {}) {
  const [written, complained, statuses]: [string[], string[], number[]] = [[], [], []];
  const terminal = {
    write: (text: string) => void written.push(text),
    complain: (text: string) => void complained.push(text),
    paint: (_: string, text: string) => text,
    ask: undefined,
  };
  const command = createVerifyCommand({ terminal, environment, exit: (status) => void statuses.push(status) });
  await runCommand(command, { rawArgs });
  return { out: written.join(''), complaint: complained.join(''), status: statuses[0] };
}

test('a good bundle: what was verified, by whose keys, and status 0', async () => {
  const { folder } = await aBundle(honest);

  const { out, status } = await verify([folder]);

  expect(status).toBe(0);
  expect(out).toMatch(/demo-project from \S+ to \S+, exported \S+ by user:auditor@example\.com/);
  expect(out).toMatch(/checkpoint key SHA-256 [0-9a-f]{64}, as the bundle brings it/);
  expect(out).toContain(`${honest.events.length} events in 6 chains`);
  expect(out).toContain('0 events after it are not sealed yet.');
  expect(out).toContain('✓ Nothing is wrong.');
});

test('a changed event: a line that names it, and status 1', async () => {
  const bundle = await aBundle(honest);
  const events = await bundle.read('trail/events.ndjson');
  const { chain, seq, event_id } = honest.events.find(({ operation }) => operation === 'op_read_1') ?? {};
  await bundle.write('trail/events.ndjson', events.replace('"operation":"op_read_1"', '"operation":"op_other"'));

  const { out, status } = await verify([bundle.folder]);

  expect(status).toBe(1);
  expect(out).toMatch(new RegExp(`changed +${chain}#${seq} ${event_id} +Its fields do not have its hash`));
  expect(out).toContain('✗ 2 findings.');
});

test('as JSON for programs', async () => {
  const { folder } = await aBundle(honest);

  const { out, status } = await verify([folder, '--json']);

  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ found: 0, findings: [], events: honest.events.length, unsealed: 0 });
});

test.each([
  ['no bundle', ['/nowhere'], 'there is no bundle'],
  ['nothing to verify', [], 'Name the folder of a bundle'],
  ['nobody whose signatures count', ['--project', 'p'], 'Say whose signatures count'],
  ['a misspelt option', ['--bundel', 'x'], 'There is no option'],
  [
    'a key that cannot be read',
    ['--project', 'p', '--checkpoint-key', '/nowhere.pem', '--approval-key', 'x'],
    'no such file',
  ],
  [
    'a time that is none',
    ['--project', 'p', '--checkpoint-key', 'x', '--approval-key', 'x', '--from', 'noon'],
    'noon is no time',
  ],
])('%s: that it could not be told, and status 2', async (_, args, words) => {
  const { complaint, status } = await verify(args);

  expect(complaint).toContain(words);
  expect(status).toBe(2);
});

test('an emulator that is not on this machine is not believed', async () => {
  const { status } = await verify(['--project', 'p', '--checkpoint-key', 'x', '--approval-key', 'x'], {
    BIGQUERY_EMULATOR_HOST: 'http://bigquery.example:80',
  });

  expect(status).toBe(2);
});
