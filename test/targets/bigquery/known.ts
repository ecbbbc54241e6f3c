import type { Connection } from '../../../src/model/connection.ts';
import type { Transform } from '../../../src/model/documents.ts';
import { createSeal } from '../../../src/model/seal.ts';
import type { DryRun, Facts, Field, Statement, Table } from '../../../src/targets/bigquery/plan.ts';
import { emptiedOf, hiddenOf, namedTables } from '../../../src/targets/bigquery/texts.ts';
import { type StatementContext, understandStatement } from '../../../src/targets/bigquery/understand-statement.ts';

/** A warehouse with something classified of every shape, known by hand: nothing here asks BigQuery. */
export const project = 'acme-shop-1';
export const settings = { project, policy_tags: { 'projects/p/locations/eu/taxonomies/1/policyTags/2': 'SALARY' } };

export const field = (name: string, type: string, more: Partial<Field> = {}): Field => ({
  name,
  type,
  mode: 'NULLABLE',
  ...more,
});
export const table = (name: string, fields: readonly Field[], more: Partial<Table> = {}): Table => ({
  ...{
    name: `${project}.${name}`,
    type: 'TABLE',
    fields,
    partitionedByIngestion: false,
    orderedBy: [],
    fingerprint: name,
  },
  ...more,
});

export const users = table('crm.users', [
  field('id', 'INT64', { mode: 'REQUIRED' }),
  field('name', 'STRING'),
  field('email', 'STRING'),
  field('born', 'DATE'),
  field('score', 'FLOAT64'),
  field('card', 'INT64'),
  field('contact', 'STRUCT', { fields: [field('city', 'STRING'), field('phone', 'STRING')] }),
  field('notes', 'STRUCT', { mode: 'REPEATED', fields: [field('at', 'TIMESTAMP'), field('text', 'STRING')] }),
  field('aliases', 'STRING', { mode: 'REPEATED' }),
  field('tags', 'STRING', { mode: 'REPEATED' }),
  field('profile', 'JSON'),
]);
export const orders = table('crm.orders', [
  field('id', 'INT64'),
  field('user_id', 'INT64'),
  field('total', 'NUMERIC'),
  field('placed', 'TIMESTAMP'),
  field('status', 'STRING'),
  field('items', 'STRUCT', { mode: 'REPEATED', fields: [field('sku', 'STRING'), field('count', 'INT64')] }),
]);
export const staff = table('hr.staff', [
  field('id', 'INT64'),
  field('team', 'STRING'),
  field('salary', 'NUMERIC', { policyTags: ['projects/p/locations/eu/taxonomies/1/policyTags/2'] }),
]);
/** A view of users that no document speaks of. */
export const people = table('crm.people', [field('id', 'INT64'), field('mail', 'STRING')], { type: 'VIEW' });
export const tables = [users, orders, staff, people];

export const classification = new Map<string, Map<string, string>>([
  [
    'crm.users',
    new Map(
      Object.entries({
        ...{ email: 'EMAIL_ADDRESS', born: 'DATE_OF_BIRTH', score: 'SCORE', card: 'CREDIT_CARD_NUMBER' },
        ...{ 'contact.phone': 'PHONE_NUMBER', 'notes.text': 'NOTE', aliases: 'PERSON_NAME', profile: 'PROFILE' },
      }),
    ),
  ],
  ['crm.orders', new Map()],
  ['hr.*', new Map()],
]);

export type Doubts = {
  tables?: readonly Table[];
  transforms?: Record<string, Transform>;
  classification?: Map<string, Map<string, string>>;
  unclassified?: 'deny' | 'mask' | 'allow';
  unmask?: readonly string[];
  /** What BigQuery is taken to say otherwise than that the text means what was read. */
  dryRun?: Partial<DryRun>;
  emptied?: Partial<DryRun> | undefined;
  hidden?: Partial<DryRun> | undefined;
  defaultDataset?: string;
  parameters?: Statement['parameters'];
};

export function contextOf(doubts: Doubts = {}): StatementContext {
  const connection = {
    name: 'warehouse',
    version: '1',
    document: { unclassified: doubts.unclassified ?? 'deny' },
    classification: doubts.classification ?? classification,
    transforms: new Map(Object.entries(doubts.transforms ?? {})),
  } as unknown as Connection;
  return {
    connection,
    settings,
    unmask: doubts.unmask ?? [],
    seal: createSeal('k'.repeat(32)),
    tokenKey: () => new Uint8Array(32),
  };
}

const types: readonly [RegExp, string][] = [
  [/^(select|with|from|\()/i, 'SELECT'],
  [/^(insert|update|delete|merge)/i, ''],
  [/^truncate/i, 'TRUNCATE_TABLE'],
  [/^create( or replace)? table.* as\b/is, 'CREATE_TABLE_AS_SELECT'],
  [/^create( or replace)? table/i, 'CREATE_TABLE'],
  [/^create( or replace)? materialized view/i, 'CREATE_MATERIALIZED_VIEW'],
  [/^create( or replace)? view/i, 'CREATE_VIEW'],
  [/^create schema/i, 'CREATE_SCHEMA'],
  [/^drop schema/i, 'DROP_SCHEMA'],
  [/^drop view/i, 'DROP_VIEW'],
  [/^drop table/i, 'DROP_TABLE'],
  [/^alter table/i, 'ALTER_TABLE'],
];

/** BigQuery's names of statements, as far as first words tell them. */
function typeOf(text: string): string {
  const bare = text.replace(/^(\s|--[^\n]*\n|#[^\n]*\n|\/\*[\s\S]*?\*\/)+/, '');
  const found = types.find(([pattern]) => pattern.test(bare));
  return found === undefined ? 'SCRIPT' : found[1] || bare.slice(0, 6).trim().toUpperCase();
}

/** A statement, as if BigQuery agreed with how its text is read, but for `doubts`. */
export function understood(text: string, doubts: Doubts = {}) {
  const statement: Statement = {
    text,
    parameters: doubts.parameters ?? [],
    ...(doubts.defaultDataset !== undefined && { defaultDataset: doubts.defaultDataset }),
  };
  const context = contextOf(doubts);
  const told = [...namedTables(statement, settings), ...(doubts.dryRun?.referencedTables ?? [])];
  const known = (doubts.tables ?? tables).filter(({ name }) => told.includes(name));
  const type = typeOf(text);
  const stored = namedTables(statement, settings).filter((name) =>
    known.some((each) => each.name === name && each.type !== 'VIEW'),
  );
  const dryRun: DryRun = {
    ...{ statementType: type, referencedTables: stored, referencedRoutines: [], schema: [], bytes: 100 },
    ...doubts.dryRun,
  };
  const target = type === 'SELECT' ? [] : stored;
  const hidden = hiddenOf(statement, known, context);
  const facts: Facts = {
    dryRun,
    tables: known,
    ...(emptiedOf(statement, known, settings) !== undefined &&
      !('emptied' in doubts && doubts.emptied === undefined) && {
        emptied: { ...dryRun, referencedTables: target.slice(0, 0), ...doubts.emptied },
      }),
    ...(hidden !== undefined &&
      !('hidden' in doubts && doubts.hidden === undefined) && { hidden: { ...dryRun, bytes: 10, ...doubts.hidden } }),
  };
  return understandStatement(statement, facts, context);
}
