import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createRetainedFrom, createRetention } from '../../src/audit/audit.ts';
import { checkpointSteps, createCheckpointAlarm } from '../../src/audit/checkpoint-alarm.ts';
import { alertSchema } from '../../src/model/alert.ts';
import { problems } from '../../src/model/problem.ts';
import { createLogger, type Logger } from '../../src/platform/logger.ts';
import { aTrail } from '../audit/trail.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The filters of log metrics, by name, as they stand in the module. */
const filters = new Map(
  [
    ...read('terraform/monitoring.tf').matchAll(
      /^ {4}([\w-]+) = \{\n {6}filter\s+= "((?:jsonPayload|severity)(?:[^"\\]|\\.)*)"/gm,
    ),
  ].map(([, name = '', filter = '']) => [name, filter.replaceAll('\\"', '"')]),
);

type Line = { severity: string } & Record<string, unknown>;
const order = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'ALERT'];

/** Which metrics count a line: `jsonPayload` is the line without what Cloud Logging takes out of it. */
const countedBy = (line: Line) => [...filters].filter(([, filter]) => matches(filter, line)).map(([name]) => name);

function matches(filter: string, line: Line): boolean {
  return filter.split(/ OR (?![^(]*\))/).some((term) => {
    const [, field = '', one, several = ''] = /^jsonPayload\.(\w+)=(?:"([^"]*)"|\(([^)]*)\))$/.exec(term) ?? [];
    if (term === 'severity>=ERROR') return order.indexOf(line.severity) >= order.indexOf('ERROR');
    if (field === '') throw new Error(`This filter is not understood: ${term}`);
    const values = one === undefined ? [...several.matchAll(/"([^"]*)"/g)].map(([, value]) => value) : [one];
    return values.includes(String(line[field]));
  });
}

/** What the product writes to its log. */
async function linesOf(act: (log: Logger) => unknown): Promise<Line[]> {
  const written: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  await act(createLogger({ level: 'info', project: 'p', role: 'keeper', destination }));
  return written
    .join('')
    .trim()
    .split('\n')
    .map((line): Line => JSON.parse(line));
}

describe('the log metrics', () => {
  const kinds = alertSchema.shape.kind.options;

  test.each(kinds)('count an alert that the product raises, once by its kind: %s', async (kind) => {
    const lines = await linesOf((log) => aTrail({ log }).audit.raise({ kind, key: 'k', detail: 'd' }));

    const [counted = []] = lines.filter(({ severity }) => severity === 'ALERT').map(countedBy);
    expect(counted.filter((name) => name !== 'fault')).toHaveLength(1);
  });

  test.each(checkpointSteps)('count that checkpoints fail at a step: %s', async (step) => {
    const fails = () => Promise.reject(new Error('x'));

    const lines = await linesOf((log) =>
      createCheckpointAlarm({ log })
        .during(step, fails)
        .catch(() => undefined),
    );

    expect(lines.flatMap(countedBy)).toContain('checkpoint-late');
  });

  test('count that checkpoints are late', async () => {
    const lines = await linesOf((log) => createCheckpointAlarm({ log }).observe(180_000));

    expect(lines.flatMap(countedBy)).toContain('checkpoint-late');
  });

  test('count that somebody shortened how long rows are kept', async () => {
    const lines = await linesOf((log) =>
      createRetainedFrom({
        table: 'events',
        keepsFor: async () => ({ milliseconds: 1000, doomed: false }),
        retention: createRetention({}, false),
        log,
      })(new Date()),
    );

    expect(lines.flatMap(countedBy)).toContain('retention-shortened');
  });

  test('count refusals by codes that there are, in the field that the gateway writes', async () => {
    const codes = [...(filters.get('refusal-burst') ?? '').matchAll(/"([\w-]+)"/g)].map(([, code = '']) => code);
    const lines = await linesOf((log) => log.info({ code: 'denied' }, 'A call.'));

    expect(lines.flatMap(countedBy)).toEqual(['refusal-burst']);
    expect(codes.filter((code) => !(code in problems))).toEqual([]);
    expect(read('src/roles/gateway.ts')).toContain('code: problem?.code');
  });

  test('take the age of the oldest unshipped event from the field that the keeper writes, in seconds', () => {
    expect(read('terraform/monitoring.tf')).toContain('EXTRACT(jsonPayload.unshipped_seconds)');
    expect(read('src/roles/keeper.ts')).toMatch(/log\.info\(\s+\{[^}]*unshipped_seconds: outbox\.oldest\?\.age \?\? 0/);
  });

  test('do not count what is as it should be', async () => {
    const lines = await linesOf((log) => log.info({ code: undefined, milliseconds: {} }, 'A call.'));

    expect(lines.flatMap(countedBy)).toEqual([]);
  });
});
