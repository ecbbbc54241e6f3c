import { stringify } from 'yaml';
import { lineDiff } from './line-diff.ts';

/** A line of two documents laid over each other: in both, in the earlier alone, in the later alone, or lines that are left out. */
export type DiffLine = { sign: ' ' | '-' | '+' | '…'; text: string };

type Document = Record<string, unknown> | null;

/** A document as YAML with its keys in order, so that equal documents have equal lines. Nothing for no document. */
export function yamlOf(document: Document): string {
  return document === null ? '' : stringify(document, { sortMapEntries: true, lineWidth: 0, version: '1.2' });
}

/** Lines that are the same, kept before and after each that is not. */
const context = 3;

/** What became of a document, line by line. Empty where nothing did. */
export function diffDocuments(before: Document, after: Document): DiffLine[] {
  const lines = lineDiff(linesOf(before), linesOf(after));
  const near = (index: number) => lines.slice(Math.max(0, index - context), index + context + 1).some(isChange);
  const shown: DiffLine[] = [];
  for (const [index, line] of lines.entries()) {
    if (near(index)) shown.push(line);
    else if (shown.at(-1)?.sign !== '…') shown.push({ sign: '…', text: '' });
  }
  return shown.some(isChange) ? shown : [];
}

const isChange = ({ sign }: DiffLine) => sign === '-' || sign === '+';

const linesOf = (document: Document) => yamlOf(document).split('\n').slice(0, -1);
