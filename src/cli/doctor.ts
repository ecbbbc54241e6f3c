import { defineCommand } from 'citty';
import { examine, exitStatusOf, type Facts, type Finding, groups } from '../doctor/doctor.ts';
import { finish, type Surroundings } from './command.ts';
import { openDeployment } from './doctor-facts.ts';
import { type Paint, printable, type Terminal } from './terminal.ts';
import { wrapped } from './wrapped.ts';

const args = {
  project: {
    type: 'string',
    description: 'The project of the deployment; else GOOGLE_CLOUD_PROJECT.',
    valueHint: 'id',
  },
  region: { type: 'string', description: 'The region of its services.', valueHint: 'region' },
  name: {
    type: 'string',
    default: 'sallyport',
    description: 'What the names of its resources begin with.',
    valueHint: 'name',
  },
  local: { type: 'string', description: 'A local stand instead: its stand.json.', valueHint: 'path' },
  json: { type: 'boolean', default: false, description: 'Print the findings as JSON.' },
} as const;

/** What is looked at cannot even be named, or be asked. */
export class CannotLook extends Error {
  override name = 'CannotLook';
}

export type Given = {
  project?: string | undefined;
  region?: string | undefined;
  name: string;
  local?: string | undefined;
};

/** Opens what is to be looked at. Throws `CannotLook`. */
export type OpenFacts = (given: Given, surroundings: Surroundings) => Promise<Facts>;

/** `sallyport doctor`. Exit status 0 where all is well, 1 where something is wrong, 2 where that could not be told. */
export function createDoctorCommand(surroundings: Surroundings, open: OpenFacts = openDeployment) {
  const { terminal } = surroundings;
  return defineCommand({
    meta: {
      name: 'doctor',
      description:
        'Look at a deployment with your own Google credentials and say how to mend what is wrong. It changes nothing. Exits with 0 where all is well (warnings allowed), 1 where something is wrong, 2 where that cannot be told.',
    },
    args,
    run: ({ args: given }) =>
      finish(
        surroundings,
        Object.keys(args),
        given,
        async () => {
          const facts = await open(given, surroundings);
          try {
            const findings = await examine(facts, { onProgress: progressOf(terminal) });
            terminal.progress?.('');
            terminal.write(
              given.json ? `${JSON.stringify(reportOf(facts, findings), undefined, 2)}\n` : shown(terminal, findings),
            );
            return exitStatusOf(findings);
          } finally {
            await facts.close();
          }
        },
        { status: 2, isKnown: (error) => error instanceof CannotLook },
      ),
  });
}

const statuses = ['fault', 'unknown', 'warning', 'ok'] as const;

const countOf = (findings: readonly Finding[]) =>
  Object.fromEntries(statuses.map((status) => [status, findings.filter((one) => one.status === status).length]));

function reportOf({ project, region, name, now }: Facts, findings: readonly Finding[]) {
  return { deployment: { project, region, name }, at: now().toISOString(), count: countOf(findings), findings };
}

function progressOf({ progress }: Terminal) {
  return (done: number, of: number) =>
    progress?.(`${'█'.repeat(Math.round((24 * done) / of)).padEnd(24, '─')}  ${done} of ${of} checks`);
}

const marks: Record<Finding['status'], { mark: string; style: Parameters<Paint>[0] }> = {
  ok: { mark: '✓', style: 'green' },
  warning: { mark: '!', style: 'yellow' },
  fault: { mark: '✗', style: 'red' },
  unknown: { mark: '?', style: 'yellow' },
};

function shown({ paint, width = Number.POSITIVE_INFINITY }: Terminal, findings: readonly Finding[]): string {
  const column = Math.max(...findings.map(({ check }) => check.length));
  const lineOf = ({ status, check, what, mend }: Finding) => {
    const { mark, style } = marks[status];
    const indent = ' '.repeat(column + 6);
    const [first = '', ...more] = wrapped(printable(what), width - indent.length);
    const mends = mend === '' ? [] : wrapped(printable(mend), width - indent.length - 2);
    return [
      `  ${paint(style, mark)} ${check.padEnd(column)}  ${status === 'ok' ? paint('dim', first) : first}`,
      ...more.map((line) => indent + (status === 'ok' ? paint('dim', line) : line)),
      ...mends.map((line, index) => `${indent}${paint('bold', index === 0 ? '→' : ' ')} ${line}`),
    ].join('\n');
  };
  const tables = groups.flatMap(({ name, title }) => {
    const of = findings.filter(({ group }) => group === name);
    return of.length === 0 ? [] : [`${paint('bold', title)}\n${of.map(lineOf).join('\n')}\n`];
  });
  return `${tables.join('\n')}\n${verdictOf(paint, findings)}\n`;
}

function verdictOf(paint: Paint, findings: readonly Finding[]): string {
  const { fault = 0, unknown = 0, warning = 0 } = countOf(findings);
  const rest = [
    warning > 0 ? `${warning} to think about` : undefined,
    unknown > 0 ? `${unknown} could not be looked at` : undefined,
  ].filter((part) => part !== undefined);
  const also = rest.length > 0 ? `; ${rest.join(', ')}` : '';
  if (fault > 0) return paint('red', `✗ ${fault} ${fault === 1 ? 'thing is' : 'things are'} wrong${also}.`);
  if (unknown > 0) return paint('yellow', `? Nothing is known to be wrong${also}.`);
  return paint('green', `✓ Nothing is wrong${also}.`);
}
