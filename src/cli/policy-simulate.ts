import { z } from 'zod';
import { documentKinds } from '../model/documents.ts';
import { type Difference, type Outcome, type Sample, type Simulation, simulationSchema } from '../model/simulation.ts';
import type { ConsoleClient } from './console-client.ts';
import { type Change, planOf } from './plan.ts';
import { readPolicyFiles } from './policy-files.ts';
import { type Paint, printable, type Terminal } from './terminal.ts';

export const simulatedSchema = simulationSchema.extend({
  from: z.string(),
  to: z.string(),
  draft: z.string(),
  truncated: z.boolean(),
});
type Simulated = z.output<typeof simulatedSchema>;

export type SimulateOptions = {
  folder: string;
  console: ConsoleClient;
  prune: boolean;
  guards: boolean;
  from?: string | undefined;
  to?: string | undefined;
  limit?: number | undefined;
};

/**
 * Decides recorded operations again as if the files were in force, and shows what would be different. Exit status 0 when
 * nothing would and everything could be told, else 1. Changes nothing.
 */
export async function simulate(terminal: Terminal, options: SimulateOptions): Promise<number> {
  const { folder, console, prune, guards, from, to, limit } = options;
  const authored = await readPolicyFiles(folder, { guards });
  const { changes } = planOf(authored, await console.documents(), { prune });
  const asked = {
    documents: draftOf(changes),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(limit !== undefined && { limit }),
  };
  const simulated = await console.simulate(asked);
  terminal.write(simulationText(simulated, changes, terminal.paint));
  return simulated.changed + simulated.undecidable === 0 ? 0 : 1;
}

/** The documents that would be different; null for one that would be gone. */
function draftOf(changes: readonly Change[]) {
  const of = (kind: Change['kind']) =>
    changes
      .filter((change) => change.kind === kind)
      .map((change) => [change.name, change.action === 'remove' ? null : change.after] as const);
  return Object.fromEntries(documentKinds.map((kind) => [kind, Object.fromEntries(of(kind))]));
}

const titles: Record<Difference, string> = {
  'allowed-to-denied': 'allowed → denied',
  'denied-to-allowed': 'denied → allowed',
  'approval-needed': 'now need an approval',
  'approval-not-needed': 'need no approval any more',
  'approvers-changed': 'ask other approvers',
  'masks-changed': 'show other classes in the clear',
};

const signs = { create: '+', change: '~', remove: '-' } as const;

function simulationText(simulated: Simulated, changes: readonly Change[], paint: Paint): string {
  const { from, to, groups, reasons } = simulated;
  return [
    `${paint('bold', 'Draft:')} ${changes.map(({ action, kind, name }) => `${signs[action]} ${kind}/${name}`).join(', ') || 'what is in force'}`,
    `${paint('bold', 'Period:')} ${from} to ${to}`,
    '',
    ...groups.flatMap(({ difference, count, samples }) => [
      `${paint('yellow', String(count).padStart(8))}  ${paint('bold', titles[difference])}`,
      ...samples.flatMap((sample) => sampleLines(sample, paint)),
      ...moreLine(count, samples),
      '',
    ]),
    ...reasons.flatMap(({ why, count, samples }) => [
      `${paint('yellow', String(count).padStart(8))}  ${paint('bold', 'cannot be told:')} ${printable(why)}`,
      ...samples.map((sample) => `          ${whatOf(sample)}`),
      ...moreLine(count, samples),
      '',
    ]),
    summaryOf(simulated, paint),
    '',
  ].join('\n');
}

function summaryOf({ operations, unchanged, changed, undecidable, truncated }: Simulated & Simulation, paint: Paint) {
  const number = (count: number) => count.toLocaleString('en');
  const all = `${number(operations)} ${operations === 1 ? 'operation' : 'operations'}`;
  const cut = truncated ? ' There were more in the period; the newest were taken.' : '';
  return `${paint('bold', 'Simulation:')} ${all}: ${number(changed)} would change, ${number(unchanged)} would not, ${number(undecidable)} cannot be told.${cut}`;
}

function moreLine(count: number, samples: readonly Sample[]) {
  const more = count - samples.length;
  return more > 0 ? [`          … and ${more.toLocaleString('en')} more`] : [];
}

function sampleLines(sample: Sample, paint: Paint): string[] {
  return [
    `          ${whatOf(sample)}`,
    paint('red', `            - ${outcomeText(sample.before)}`),
    ...(sample.after === null ? [] : [paint('green', `            + ${outcomeText(sample.after)}`)]),
  ];
}

function whatOf({ time, principal, verb, resources, connection, operation }: Sample) {
  const what = `${verb ?? 'something'} ${resources.length > 0 ? `${resources.join(', ')} ` : ''}on ${connection}`;
  return printable(`${time.slice(0, 19)}Z  ${principal}  ${what}  ${operation ?? ''}`);
}

function outcomeText({ effect, policies, requirements, unmask, reason }: Outcome): string {
  if (effect === 'deny') return printable(`deny (${reason ?? 'no reason is recorded'})`);
  const asks = [...new Set(requirements.map(({ approvers, count }) => `${count} of ${approvers.join(', ')}`))];
  return printable(
    [
      `allow by ${policies.join(', ')}`,
      ...(asks.length > 0 ? [`after approval by ${asks.join(' and ')}`] : []),
      ...(unmask.length > 0 ? [`with ${unmask.join(', ')} in the clear`] : []),
    ].join(', '),
  );
}
