import { Document, isMap, isScalar } from 'yaml';
import { z } from 'zod';
import { isRecord } from './json.ts';
import { printable } from './terminal.ts';

/** What the gateway proposes for one column. */
const proposalSchema = z
  .tuple([
    z.string(),
    z.string(),
    z.string(),
    z.string().nullable(),
    z.string().nullable(),
    z.string().nullable(),
    z.string(),
    z.boolean(),
    z.int(),
  ])
  .transform(([table, column, type, current, proposed, confidence, reason, known, total]) => ({
    table,
    column,
    type,
    current,
    proposed,
    confidence,
    reason,
    known,
    total,
  }));
export type Proposal = z.output<typeof proposalSchema>;

export const readProposal = (row: readonly unknown[]): Proposal => proposalSchema.parse(row);

/** A proposal that adds to what is in force: a class in force is never taken away, nor changed. */
export const isNew = ({ current, proposed, confidence }: Proposal) =>
  proposed !== null && current === null && confidence !== 'inherited';

/** A class in force that looks like another. */
export const disagrees = ({ current, proposed, confidence }: Proposal) =>
  current !== null && proposed !== null && proposed !== current && confidence !== 'inherited';

const unread = 'nothing was sampled';

/** Tables of which nothing is known that speaks for or against them: they could not be read. */
export function tablesUnread(proposals: readonly Proposal[]): string[] {
  return [...byTable(proposals)]
    .filter(([, columns]) => columns.every(({ known, proposed }) => !known && proposed === null))
    .filter(([, columns]) => columns.some(({ reason }) => reason === unread))
    .map(([table]) => table);
}

/**
 * The classification as it would be: what is in force, the proposed classes, and `{}` for tables in which nothing was found.
 * An entry of its own replaces what globs say of a table, so it repeats them.
 */
export function proposedDocument(
  inForce: Record<string, unknown>,
  proposals: readonly Proposal[],
): Record<string, unknown> {
  const document = { ...inForce };
  const without = new Set(tablesUnread(proposals));
  for (const [table, columns] of byTable(proposals)) {
    const added = columns.filter(isNew);
    if (without.has(table) || (added.length === 0 && columns.some(({ known }) => known))) continue;
    const entry = document[table];
    const before = isRecord(entry)
      ? entry
      : Object.fromEntries(
          columns.filter(({ current }) => current !== null).map(({ column, current }) => [column, current]),
        );
    document[table] = { ...before, ...Object.fromEntries(added.map(({ column, proposed }) => [column, proposed])) };
  }
  return document;
}

/** The document as YAML, with the reason beside each class that is proposed. */
export function proposedYaml(document: Record<string, unknown>, proposals: readonly Proposal[]): string {
  const yaml = new Document(document);
  for (const proposal of proposals.filter(isNew)) {
    const table = yaml.get(proposal.table, true);
    if (!isMap(table)) continue;
    const value = table.get(proposal.column, true);
    if (isScalar(value)) value.comment = ` ${printable(`${proposal.confidence}: ${proposal.reason}`)}`;
  }
  return yaml.toString({ lineWidth: 0 });
}

function byTable(proposals: readonly Proposal[]): Map<string, Proposal[]> {
  const tables = new Map<string, Proposal[]>();
  for (const proposal of proposals) tables.set(proposal.table, [...(tables.get(proposal.table) ?? []), proposal]);
  return tables;
}
