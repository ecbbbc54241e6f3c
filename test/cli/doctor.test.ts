import { runCommand } from 'citty';
import { expect, test } from 'vitest';
import { createDoctorCommand, type OpenFacts } from '../../src/cli/doctor.ts';
import { opened } from '../doctor/examined.ts';
import type { Deployment } from '../doctor/healthy.ts';

/** What the command wrote and said, and its exit status, of a deployment in which one thing was changed. */
async function doctor(rawArgs: string[], change?: (deployment: Deployment) => void, width?: number) {
  const [written, complained, statuses, progress]: [string[], string[], number[], string[]] = [[], [], [], []];
  const terminal = {
    write: (text: string) => void written.push(text),
    complain: (text: string) => void complained.push(text),
    paint: (_: string, text: string) => text,
    ask: undefined,
    progress: (line: string) => void progress.push(line),
    width,
  };
  const surroundings = { terminal, environment: {}, exit: (status: number) => void statuses.push(status) };
  const deployment = change && (await opened(change));
  const open: OpenFacts | undefined = deployment && (async () => deployment.facts);
  await runCommand(createDoctorCommand(surroundings, open), { rawArgs });
  return { out: written.join(''), complaint: complained.join(''), status: statuses[0], progress };
}

test('a deployment that is well: each promise by its group, and status 0', async () => {
  const { out, status, progress } = await doctor([], () => {});

  expect(status).toBe(0);
  expect(out).toMatch(/^Cloud Run services$/m);
  expect(out).toMatch(/✓ keys\.signers +The console alone signs decisions, the keeper alone checkpoints\./);
  expect(out).toContain('✓ Nothing is wrong.');
  expect(progress.at(-1)).toBe('');
});

test('a fault: what it is, how to mend it, and status 1', async () => {
  const { out, status } = await doctor([], (d) => Object.assign(d.services.console.service, { iapEnabled: false }));

  expect(status).toBe(1);
  expect(out).toMatch(
    /✗ services\.iap +IAP does not stand before sallyport-console\.\n +→ gcloud beta run services update sallyport-console .*--iap\n/,
  );
  expect(out).toContain('✗ 1 thing is wrong.');
});

test('only warnings: status 0, and how many there are', async () => {
  const { out, status } = await doctor([], (d) => d.alerts[0]?.notificationChannels.splice(0));

  expect(status).toBe(0);
  expect(out).toContain('✓ Nothing is wrong; 1 to think about.');
});

test('no line is longer than the terminal is wide, but for commands that cannot be broken', async () => {
  const { out } = await doctor([], (d) => d.alerts[0]?.notificationChannels.splice(0), 100);

  expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
});

test('as JSON for programs: the deployment, how many of each, and every finding', async () => {
  const { out, status } = await doctor(['--json'], () => {});

  const report = JSON.parse(out);
  expect(status).toBe(0);
  expect(report).toMatchObject({ deployment: { name: 'sallyport' }, count: { fault: 0, unknown: 0 } });
  expect(report.findings.length).toBe(report.count.ok);
});

test('what a name holds cannot move the cursor', async () => {
  const { out } = await doctor([], (d) =>
    d.projectPolicy.bindings.push({ role: 'roles/owner', members: ['user:\u001b[2Jmallory@example.com'] }),
  );

  expect(out).not.toContain('\u001b');
  expect(out).toContain('\\u{1b}[2Jmallory');
});

test.each([
  ['no project', ['--region', 'europe-west1'], 'Name the project'],
  ['no region', ['--project', 'acme-sallyport'], 'Name the region'],
  [
    'a name that cannot be one',
    ['--project', 'acme-sallyport', '--region', 'x', '--name', '../x'],
    'lower-case letters',
  ],
  ['a stand that is not there', ['--local', '/nowhere/stand.json'], 'There is no stand at /nowhere/stand.json'],
  ['a file that is no stand', ['--local', 'package.json'], 'is not what npm run demo writes'],
  ['a misspelt option', ['--projekt', 'x'], 'There is no option'],
])('%s: that it could not be looked at, and status 2', async (_, args, words) => {
  const { complaint, status } = await doctor(args);

  expect(complaint).toContain(words);
  expect(status).toBe(2);
});
