import { readFileSync, writeFileSync } from 'node:fs';
import { auditDefinitions } from '../src/audit/audit.ts';
import { evidenceDefinitions } from '../src/evidence/evidence.ts';
import { type Block, blocks, defaultOf, descriptionOf, fieldsOf, typeOf } from './inputs.ts';
import { shape } from './shape.ts';

/** What of this folder is made from elsewhere: each file with what it should hold now. `npm run terraform:generate` writes them. */
export function generated(): { name: string; is: string; shouldBe: string }[] {
  const readme = read('README.md');
  return [
    { name: 'audit.json', is: read('audit.json'), shouldBe: trail() },
    { name: 'documents.json', is: read('documents.json'), shouldBe: shape() },
    { name: 'README.md', is: readme, shouldBe: withTables(readme) },
  ];
}

const at = (name: string) => new URL(`./${name}`, import.meta.url);
const read = (name: string) => readFileSync(at(name), 'utf8');

/**
 * The trail from the product's own definitions: tables, views and table functions, with `%project%`, `%audit%` and `%evidence%` where
 * their names come in.
 */
function trail(): string {
  const { views, functions } = evidenceDefinitions('%project%', { audit: '%audit%', evidence: '%evidence%' });
  return `${JSON.stringify({ tables: auditDefinitions(), views, functions }, undefined, 2)}\n`;
}

/** The tables of inputs and outputs between their marks, from the files that declare them. */
function withTables(readme: string): string {
  const files = ['variables.tf', 'variables_services.tf', 'variables_documents.tf'];
  const variables = blocks(files.map(read).join('\n'), 'variable');
  const outputs = blocks(read('outputs.tf'), 'output').map((output) => row([code(output.name), descriptionOf(output)]));
  return [
    ['inputs', table(['input', 'type', 'default', 'what it is'], variables.map(inputRow))],
    ['fields', table(['field', 'type', 'default', 'what it is'], variables.flatMap(fieldRows))],
    ['outputs', table(['output', 'what it is'], outputs)],
  ].reduce((text, [mark = '', lines = '']) => between(text, mark, lines), readme);
}

function inputRow(variable: Block) {
  const type = typeOf(variable);
  const initial = defaultOf(variable);
  return row([
    code(variable.name),
    type.startsWith('object') || type.startsWith('list of') ? type : code(type),
    initial === undefined ? '**needed**' : code(initial),
    descriptionOf(variable),
  ]);
}

const fieldRows = (variable: Block) =>
  fieldsOf(variable).map(({ path, type, initial, says }) =>
    row([code(path), type.includes('object') ? type : code(type), fieldDefault(initial), says]),
  );

function fieldDefault(initial: string | undefined) {
  if (initial === undefined) return '**needed**';
  return initial === 'none' ? '' : code(initial);
}

const code = (text: string) => `\`${text}\``;
const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head: readonly string[], rows: readonly string[]) =>
  [row(head), row(head.map(() => '---')), ...rows].join('\n');

function between(text: string, mark: string, lines: string): string {
  const [before, after] = [`<!-- ${mark} -->\n`, `<!-- /${mark} -->`];
  const [start, end] = [text.indexOf(before), text.indexOf(after)];
  if (start === -1 || end < start) throw new Error(`README.md has no place for its ${mark}.`);
  return `${text.slice(0, start)}${before}${lines}\n${text.slice(end)}`;
}

if (import.meta.main) for (const { name, shouldBe } of generated()) writeFileSync(at(name), shouldBe);
