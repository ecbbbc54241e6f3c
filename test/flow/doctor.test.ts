import { join } from 'node:path';
import { runCommand } from 'citty';
import { expect, test } from 'vitest';
import { createDoctorCommand } from '../../src/cli/doctor.ts';
import { standDir } from './stand.ts';

/** What other tests of this stand leave behind is theirs: these are about what the stand itself is made of. */
const lasting = ['keys', 'firestore', 'bigquery', 'issuers', 'clock', 'reach'];

test('the doctor looks at the whole stand, and finds nothing wrong with what it is made of', async () => {
  const written: string[] = [];
  const terminal = {
    write: (text: string) => void written.push(text),
    complain: (text: string) => void written.push(text),
    paint: (_: string, text: string) => text,
    ask: undefined,
  };
  const command = createDoctorCommand({ terminal, environment: {}, exit: () => {} });

  await runCommand(command, { rawArgs: ['--json', '--local', join(standDir, 'stand.json')] });

  const { findings } = JSON.parse(written.join(''));
  expect(findings.length).toBeGreaterThanOrEqual(22);
  expect(findings.filter(({ status }: { status: string }) => status === 'unknown')).toEqual([]);
  expect(
    findings.filter(
      ({ group, status }: { group: string; status: string }) => lasting.includes(group) && status !== 'ok',
    ),
  ).toEqual([]);
}, 240_000);
