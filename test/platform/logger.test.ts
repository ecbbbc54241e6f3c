import { execFile } from 'node:child_process';
import { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/model/secret.ts';
import { createLogger, type Logger } from '../../src/platform/logger.ts';

function logged(write: (log: Logger) => void): Record<string, unknown> {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  write(createLogger({ level: 'info', project: 'p', role: 'gateway', destination }));
  return JSON.parse(lines.join(''));
}

describe('a line of the log', () => {
  test('has the fields of Cloud Logging: severity, message, time, and the trace by its full name', () => {
    const line = logged((log) => log.warn({ trace: 'a'.repeat(32), operation: 'op_1' }, 'Something.'));

    expect(line).toMatchObject({
      severity: 'WARNING',
      message: 'Something.',
      role: 'gateway',
      operation: 'op_1',
      'logging.googleapis.com/trace': `projects/p/traces/${'a'.repeat(32)}`,
    });
    expect(Date.parse(String(line['time']))).not.toBeNaN();
  });

  test('raises an alert as one', () => {
    expect(logged((log) => log.alert({}, 'Now.'))).toMatchObject({ severity: 'ALERT' });
  });

  test("tells of an error by its name, code and our own frames, never by its message, nor its cause's", () => {
    const cause = Object.assign(new Error('password=hunter2'), { code: '28P01' });
    const line = logged((log) => log.error({ error: new Error('row (1, alice@x.test)', { cause }) }, 'Broken.'));

    expect(line).toMatchObject({ severity: 'ERROR', error: { name: 'Error', cause: { code: '28P01' } } });
    expect(JSON.stringify(line)).not.toMatch(/hunter2|alice/);
  });

  test('cannot hold a secret', () => {
    const line = logged((log) => log.info({ secret: new Secret('hunter2', 'v1') }, 'Read.'));

    expect(JSON.stringify(line)).not.toContain('hunter2');
  });
});

describe('the log', () => {
  test.for(['process.exit(0);', 'throw new Error();', ''])(
    'is written to its last line when the process ends: %s',
    async (end) => {
      const module = new URL('../../src/platform/logger.ts', import.meta.url);
      const program = `import { createLogger } from '${module}';
      const log = createLogger({ level: 'info', project: 'p', role: 'gateway' });
      for (let line = 0; line < 200; line++) log.info({ line }, 'A call.');
      ${end}`;

      const run = promisify(execFile)(process.execPath, ['--input-type=module-typescript', '-e', program]);
      const { stdout } = await run.catch((error) => error);

      const lines = String(stdout).trim().split('\n');
      expect(lines.map((line) => JSON.parse(line).line)).toEqual(Array.from({ length: 200 }, (_, line) => line));
    },
  );
});
