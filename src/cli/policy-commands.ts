import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  agentSchema,
  classificationSchema,
  connectionSchema,
  groupSchema,
  type PolicySet,
  policySchema,
} from '../model/documents.ts';
import { readYaml } from '../policy/policy.ts';
import type { ConsoleClient } from './console-client.ts';
import { type Plan, planOf } from './plan.ts';
import { planText } from './plan-text.ts';
import { type AuthoredDocument, BadFiles, readPolicyFiles } from './policy-files.ts';
import { failuresOf, readCases } from './policy-tests.ts';
import type { Terminal } from './terminal.ts';

export type PlanOptions = {
  folder: string;
  console: ConsoleClient;
  /** Also remove what is in no file. */
  prune: boolean;
  /** Whether the built-in guards belong to what is wanted. */
  guards: boolean;
};

/** Shows what would change. Exit status 0; with `detailedExitCode` 2 where something would. */
export async function plan(terminal: Terminal, options: PlanOptions & { detailedExitCode: boolean }): Promise<number> {
  const { changes } = await shownPlan(terminal, options);
  return options.detailedExitCode && changes.length > 0 ? 2 : 0;
}

/** Shows what would change, asks, and makes it; each change only if the document is still as it was shown. */
export async function apply(terminal: Terminal, options: PlanOptions & { yes: boolean }): Promise<number> {
  const { changes } = await shownPlan(terminal, options);
  if (changes.length === 0) return 0;
  if (!options.yes && !(await agreed(terminal))) return 1;
  let made = 0;
  for (const change of changes) {
    try {
      await options.console.make(change);
    } catch (error) {
      terminal.complain(`${change.kind}/${change.name}: ${error instanceof Error ? error.message : 'failed'}\n`);
      terminal.complain(`Stopped: ${made} of ${changes.length} changes were made. Plan again.\n`);
      return 1;
    }
    made++;
    terminal.write(`${terminal.paint('green', '✓')} ${change.kind}/${change.name}\n`);
  }
  terminal.write(
    `${made} ${made === 1 ? 'change' : 'changes'} made. They are in force everywhere within 30 seconds.\n`,
  );
  return 0;
}

async function shownPlan(terminal: Terminal, { folder, console, prune, guards }: PlanOptions): Promise<Plan> {
  const authored = await readPolicyFiles(folder, { guards });
  const planned = planOf(authored, await console.documents(), { prune });
  terminal.write(planText(planned, { paint: terminal.paint, prune }));
  return planned;
}

async function agreed({ ask, write, complain }: Terminal): Promise<boolean> {
  if (ask === undefined) {
    complain('Nobody is there to agree. Nothing was changed; pass --yes to apply without asking.\n');
    return false;
  }
  if ((await ask('Make these changes? Only "yes" is accepted: ')).trim() === 'yes') return true;
  write('Nothing was changed.\n');
  return false;
}

/** Runs the cases of `<folder>/tests/*.yaml` on the files alone. Exit status 0 when there are some and all hold. */
export async function test(
  terminal: Terminal,
  { folder, guards, now }: { folder: string; guards: boolean; now: Date },
): Promise<number> {
  const policySet = toPolicySet(await readPolicyFiles(folder, { guards }));
  let [ran, failed] = [0, 0];
  for (const { file, cases } of await readCaseFiles(folder)) {
    terminal.write(`${terminal.paint('bold', file)}\n`);
    for (const each of cases) {
      const failures = failuresOf(each, policySet, now);
      ran++;
      if (failures.length > 0) failed++;
      terminal.write(outcome(terminal, each.name, failures));
    }
  }
  terminal.write(`${ran} ${ran === 1 ? 'case' : 'cases'}, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

function outcome({ paint }: Terminal, name: string, failures: readonly string[]) {
  const head = failures.length === 0 ? `  ${paint('green', '✓')} ${name}` : `  ${paint('red', '✗')} ${name}`;
  return `${[head, ...failures.map((failure) => `      ${failure}`)].join('\n')}\n`;
}

async function readCaseFiles(folder: string) {
  const tests = join(folder, 'tests');
  const entries = await readdir(tests).catch(() => []);
  const files = entries.filter((entry) => /\.(yaml|yml|json)$/.test(entry)).sort();
  if (files.length === 0) throw new BadFiles([`${tests}: holds no cases`]);
  return Promise.all(files.map((file) => readCaseFile(tests, file)));
}

async function readCaseFile(tests: string, file: string) {
  try {
    return { file, cases: readCases(readYaml(await readFile(join(tests, file), 'utf8'))) };
  } catch (error) {
    throw new BadFiles([`tests/${file}: ${error instanceof Error ? error.message : 'unreadable'}`]);
  }
}

function toPolicySet(documents: readonly AuthoredDocument[]): PolicySet {
  const of = <T>(kind: AuthoredDocument['kind'], schema: { parse(document: unknown): T }): Map<string, T> =>
    new Map(documents.filter((each) => each.kind === kind).map(({ name, document }) => [name, schema.parse(document)]));
  return {
    version: 'offline',
    connections: of('connections', connectionSchema),
    policies: of('policies', policySchema),
    groups: of('groups', groupSchema),
    classifications: of('classifications', classificationSchema),
    agents: of('agents', agentSchema),
    invalid: [],
  };
}
