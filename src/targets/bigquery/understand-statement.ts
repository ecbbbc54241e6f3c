import type { Risk } from '../../model/documents.ts';
import type { Operation } from '../../model/operation.ts';
import type { Context } from '../target.ts';
import { everyField, type Ground, protectionOf } from './classification.ts';
import { type Subject, subjectOf } from './language/subject.ts';
import { type Lexed, tokensOf } from './language/tokens.ts';
import { type Cover, masksOf } from './masks/masks.ts';
import { resourceOf } from './names.ts';
import type { Facts, Statement, StatementPlan } from './plan.ts';
import { prove } from './prove.ts';
import { Refusal, unprovable } from './refusal.ts';
import { isChange, kindOf } from './rules/kinds.ts';
import { risksOfWrite } from './rules/writes.ts';
import type { Settings } from './settings.ts';
import { coversOf } from './texts.ts';
import { recordedAs, type Sealing } from './trail/seal.ts';
import { predicateWarnings } from './warnings.ts';

export type StatementContext = Context & { settings: Pick<Settings, 'project' | 'policy_tags' | 'cost_above'> };

/**
 * What a statement means, and the text that is run in its place so that nothing that is hidden from the caller leaves. Pure. What cannot be proven
 * is said in `unprovable`, beside all that policy needs to speak first; its plan has no text then.
 */
export function understandStatement(
  statement: Statement,
  facts: Facts,
  context: StatementContext,
): Operation<StatementPlan> {
  const { settings, connection, unmask, seal } = context;
  const ground: Ground = { connection, settings };
  const covers = coversOf(facts.tables, ground, unmask);
  const subject = attempt(() => subjectOf(statement, settings));
  const text = subject instanceof Refusal ? subject : attempt(() => prove({ subject, facts, covers, ground }));
  const refusal = text instanceof Refusal ? text : undefined;
  const read = subject instanceof Refusal ? undefined : subject;
  const touched = touchedBy(read, facts);
  // What the statement itself would read tells how long hidden values are, those behind views too: not even a refusal may depend on it.
  const hides = touched.some((name) => (covers.get(name)?.hidden.size ?? 0) > 0);
  const bytes = hides ? facts.hidden?.bytes : facts.dryRun.bytes;
  const kind = kindOf(facts.dryRun.statementType);
  const sealing = sealingFor(facts, touched, ground, seal);
  const recorded = recordedAs(
    statement,
    read?.lexed ?? lexedOf(statement),
    read?.reading,
    sealing,
    refusal !== undefined,
  );
  return {
    kind: 'bigquery',
    verb: kind.verb,
    risks: [...new Set([...kind.risks, ...risksOf(read, bytes, settings)])],
    resources: touched.map((name) => resourceOf(name, settings)),
    classes: classesOf(facts, ground),
    statement: shown(statement, statement.text),
    parameters: statement.parameters,
    recorded: { ...recorded, statement: shown(statement, recorded.statement) },
    masks: read === undefined ? [] : masksIn(read, covers, settings),
    ...(refusal !== undefined && { unprovable: unprovable(refusal, statement.text) }),
    warnings: read === undefined || refusal !== undefined ? [] : predicateWarnings(read, covers, settings),
    ...(hidesAnything(read, covers) && { protection: 'rewritten' as const }),
    estimates: bytes === undefined ? {} : { bytes },
    plan: {
      text: typeof text === 'string' ? text : '',
      parameters: statement.parameters,
      ...(statement.defaultDataset !== undefined && { defaultDataset: statement.defaultDataset }),
      dryRun: facts.dryRun,
      tables: facts.tables,
    },
  };
}

function attempt<T>(work: () => T): T | Refusal {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** What the statement means depends on where it looks for names, so that is a part of what is approved. */
const shown = ({ defaultDataset }: Statement, text: string) =>
  defaultDataset === undefined ? text : `-- default dataset: ${defaultDataset}\n${text}`;

/** Everything that it reads or changes, by BigQuery's word and by its own. */
function touchedBy(subject: Subject | undefined, { dryRun, tables }: Facts): string[] {
  const named =
    subject?.places.map(({ name }) => name).filter((name) => tables.some((table) => table.name === name)) ?? [];
  const changed = [dryRun.target, subject?.target];
  const names = [...dryRun.referencedTables, ...dryRun.referencedRoutines, ...named, ...changed];
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

function risksOf(
  subject: Subject | undefined,
  bytes: number | undefined,
  { cost_above }: StatementContext['settings'],
): Risk[] {
  const costs: Risk[] = cost_above !== undefined && bytes !== undefined && bytes >= cost_above ? ['cost'] : [];
  if (subject === undefined) return ['opaque', ...costs];
  const { reading, lexed } = subject;
  if (isChange(reading)) return [...risksOfWrite(lexed, reading), ...costs];
  return reading.verb === 'CREATE' && lexed.tokens[1]?.key === 'OR' ? ['irreversible', ...costs] : costs;
}

/** Of what it reads, and of what it changes: that is billed whole. */
function hidesAnything(subject: Subject | undefined, covers: ReadonlyMap<string, Cover>): boolean {
  const names = [...(subject?.places.map(({ name }) => name) ?? []), subject?.target];
  return names.some((name) => (covers.get(name ?? '')?.hidden.size ?? 0) > 0);
}

function classesOf({ tables }: Facts, ground: Ground): string[] {
  const all = tables.flatMap((table) => [...protectionOf(table, tables, ground).classes.values()].flat());
  return [...new Set(all)].sort();
}

function masksIn(
  { places, target }: Subject,
  covers: ReadonlyMap<string, Cover>,
  settings: Pick<Settings, 'project'>,
): Operation['masks'] {
  const names = [...new Set([...places.map(({ name }) => name ?? ''), target ?? ''])].sort();
  return names.flatMap((name) => {
    const cover = covers.get(name);
    return cover === undefined ? [] : masksOf(cover, resourceOf(name, settings));
  });
}

/** The tokens of a text whose places could not be found. */
function lexedOf({ text }: Statement): Lexed | undefined {
  const lexed = attempt(() => tokensOf(text));
  return lexed instanceof Refusal ? undefined : lexed;
}

function sealingFor({ tables }: Facts, touched: readonly string[], ground: Ground, seal: Sealing['seal']): Sealing {
  const classes = new Map<string, string>();
  const open = new Set<string>();
  const names = new Set(touched.flatMap((name) => [name, ...name.split('.')]).map((name) => name.toLowerCase()));
  for (const table of tables) {
    const found = protectionOf(table, tables, ground).classes;
    for (const { path, field } of everyField(table.fields)) {
      const name = field.name.toLowerCase();
      names.add(name);
      const above = [...found].find(([hidden]) => path === hidden || path.startsWith(`${hidden}.`));
      if (above === undefined) open.add(name);
      else classes.set(name, above[1][0] ?? '');
    }
  }
  return { seal, classes, open, names };
}
