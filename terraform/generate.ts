import { readFileSync, writeFileSync } from 'node:fs';
import { auditDefinitions } from '../src/audit/audit.ts';
import { evidenceDefinitions } from '../src/evidence/evidence.ts';

/** What of this folder is made from elsewhere: each file with what it should hold now. `npm run terraform:generate` writes them. */
export function generated(): { name: string; is: string; shouldBe: string }[] {
  const readme = read('README.md');
  return [
    { name: 'audit.json', is: read('audit.json'), shouldBe: trail() },
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
  const inputs = blocks('variables.tf', 'variable').map(
    ({ name, body }) =>
      `| \`${name}\` | ${typeOf(body)} | ${/^ {2}default /m.test(body) ? 'no' : 'yes'} | ${descriptionOf(body)} |`,
  );
  const outputs = blocks('outputs.tf', 'output').map(({ name, body }) => `| \`${name}\` | ${descriptionOf(body)} |`);
  return between(
    between(readme, 'inputs', ['| input | type | needed | what it is |', '| --- | --- | --- | --- |', ...inputs]),
    'outputs',
    ['| output | what it is |', '| --- | --- |', ...outputs],
  );
}

function blocks(file: string, kind: 'variable' | 'output') {
  const found = read(file).matchAll(new RegExp(`^${kind} "(\\w+)" \\{\\n([\\s\\S]*?)\\n\\}`, 'gm'));
  return [...found].map(([, name = '', body = '']) => ({ name, body }));
}

const descriptionOf = (body: string) => (/^ {2}description = "(.*)"$/m.exec(body)?.[1] ?? '').replaceAll('|', '\\|');

/** An object's fields are in the file itself. */
function typeOf(body: string): string {
  const written = /^ {2}type\s+= (.*)$/m.exec(body)?.[1] ?? '';
  return written.endsWith('({') ? written.replace(/\(?\{$/, '').replace('(object', ' of objects') : `\`${written}\``;
}

function between(text: string, mark: string, lines: readonly string[]): string {
  const [before, after] = [`<!-- ${mark} -->\n`, `<!-- /${mark} -->`];
  const [start, end] = [text.indexOf(before), text.indexOf(after)];
  if (start === -1 || end < start) throw new Error(`README.md has no place for its ${mark}.`);
  return `${text.slice(0, start)}${before}${lines.join('\n')}\n${text.slice(end)}`;
}

if (import.meta.main) for (const { name, shouldBe } of generated()) writeFileSync(at(name), shouldBe);
