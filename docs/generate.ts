import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Reader, Variable } from '../src/config/variable.ts';
import { variables } from '../src/config/variables.ts';
import { ofDoctor } from './generate-doctor.ts';

/** The tables of variables, each with what it should hold now. `npm run docs:generate` writes them. */
export function generated(): { name: string; is: string; shouldBe: string }[] {
  const configuration = read('configuration.md');
  const readme = read('../README.md');
  const doctor = read('doctor.md');
  return [
    { name: 'configuration.md', is: configuration, shouldBe: filled(configuration, parts) },
    { name: '../README.md', is: readme, shouldBe: between(readme, 'settings', few) },
    { name: 'doctor.md', is: doctor, shouldBe: filled(doctor, ofDoctor) },
  ];
}

const filled = (text: string, rowsOf: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(rowsOf).reduce((filling, [mark, rows]) => between(filling, mark, rows), text);

const at = (name: string) => new URL(`./${name}`, import.meta.url);
const read = (name: string) => readFileSync(at(name), 'utf8');

type Entry = [name: string, variable: Variable];
const all: Entry[] = Object.entries(variables);

const services: readonly Reader[] = ['gateway', 'console', 'keeper'];
const isOfCommands = ([, { readBy }]: Entry) => readBy.every((reader) => reader.startsWith('sallyport'));
const isOfServices = ([, { readBy }]: Entry) => readBy.some((reader) => services.includes(reader));
const isNeeded = ([, { is }]: Entry) => !is.safeParse(undefined).success;
const isOfLaptop = ([, { onCloudRun }]: Entry) => onCloudRun === 'refused';

const ofServices = all.filter(isOfServices);
const needed = ofServices.filter(isNeeded);
const parts: Record<string, string[]> = {
  needed: table(needed),
  optional: table(ofServices.filter((entry) => !isNeeded(entry) && !isOfLaptop(entry))),
  laptop: table(ofServices.filter(isOfLaptop)),
  install: table(all.filter(([, { readBy }]) => readBy.includes('install'))),
  apply: table(all.filter(([, { readBy }]) => readBy.includes('apply'))),
  commands: table(all.filter(isOfCommands)),
};
const few = [
  '| variable | what it is |',
  '| --- | --- |',
  ...needed.map(([name, { what }]) => `| \`${name}\` | ${linkedFrom('docs/', what)} |`),
];

function table(entries: readonly Entry[]): string[] {
  return [
    '| variable | what it is | where it is unset | read by | on Cloud Run |',
    '| --- | --- | --- | --- | --- |',
    ...entries.map(
      (entry) =>
        `| ${[`\`${entry[0]}\``, whatOf(entry), unset(entry), readers(entry), onCloudRun(entry)].join(' | ')} |`,
    ),
  ];
}

function whatOf([, { what, is }]: Entry): string {
  const { enum: values, minimum, maximum } = z.toJSONSchema(is, { unrepresentable: 'any', io: 'output' });
  if (values !== undefined) return `${what} ${values.map((value) => `\`${value}\``).join(', ')}.`;
  return minimum === undefined || maximum === undefined ? what : `${what} ${minimum} to ${maximum}.`;
}

function unset([, { is, unit, unset: said }]: Entry): string {
  if (said !== undefined) return said;
  const { success, data } = is.safeParse(undefined);
  if (!success) return '**needed**';
  return data === undefined ? '—' : `\`${data}\`${unit === undefined ? '' : ` ${unit}`}`;
}

function readers([, { readBy }]: Entry): string {
  const every = services.every((service) => readBy.includes(service));
  const rest = every ? readBy.filter((reader) => !services.includes(reader)) : readBy;
  return [
    ...(every ? ['every role'] : []),
    ...rest.map((reader) => (reader.startsWith('sallyport') ? `\`${reader}\`` : reader)),
  ].join(', ');
}

function onCloudRun([, variable]: Entry): string {
  return variable.onCloudRun ?? '';
}

function linkedFrom(folder: string, text: string): string {
  return text.replaceAll(/\]\((?=[\w-]+\.md)/g, `](${folder}`);
}

function between(text: string, mark: string, lines: readonly string[]): string {
  const [before, after] = [`<!-- ${mark} -->\n`, `<!-- /${mark} -->`];
  const [start, end] = [text.indexOf(before), text.indexOf(after)];
  if (start === -1 || end < start) throw new Error(`There is no place for ${mark}.`);
  return `${text.slice(0, start)}${before}${lines.join('\n')}\n${text.slice(end)}`;
}

if (import.meta.main) for (const { name, shouldBe } of generated()) writeFileSync(at(name), shouldBe);
