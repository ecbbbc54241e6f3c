import { posix } from 'node:path';
import { variables } from '../../src/config/variables.ts';
import { at, type Check } from './fault.ts';
import { type Document, readDocument } from './markdown.ts';
import type { Repository } from './repository.ts';
import { isShell, readShell } from './shell.ts';
import type { Module } from './terraform.ts';

const ofShells = ['HOME', 'PATH', 'PWD', 'USER'];
/** Of Google's clients, of Node and of the programs that our documents tell of. */
const ofOthers = [
  'GOOGLE_APPLICATION_CREDENTIALS',
  'METADATA_SERVER_DETECTION',
  'NODE_OPTIONS',
  'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE',
];

/** What tests, benchmarks and the stand read of their own environment. */
export function variablesOfTests({ files, read }: Repository): string[] {
  const sources = [...files].filter(
    (path) => /^(test|bench|demo|emulators)\/.*\.ts$/.test(path) && !path.startsWith('test/docs/'),
  );
  const named = sources.flatMap((path) =>
    [...read(path).matchAll(/\b(?:process\.env\.|process\.env\['|environment\[')([A-Z][A-Z0-9_]+)/g)].map(
      ([, name = '']) => name,
    ),
  );
  return [...new Set(named)].filter((name) => !ofShells.includes(name));
}

/** Of the product, of tests, benchmarks and the stand, and of the others that they build on. */
export function variablesOf(repository: Repository, { inputs }: Module): Set<string> {
  const ofTerraform = [...inputs.keys()].map((name) => `TF_VAR_${name}`);
  return new Set([
    ...Object.keys(variables),
    ...variablesOfTests(repository),
    ...ofTerraform,
    ...ofShells,
    ...ofOthers,
  ]);
}

const setIn = ({ blocks }: Document) =>
  blocks.filter(({ lang }) => isShell(lang)).flatMap(({ code }) => readShell(code).set);

const OURS = /\b(SALLYPORT_[A-Z0-9_]*[A-Z0-9]|[A-Z_]+_EMULATOR_HOST)\b/g;

/**
 * Every variable that bears the product's name is one of its table or of its tests, wherever it is named; every other that a script uses
 * is set in that document or in one that it links to, or known to be another program's.
 */
export function variablesExist(known: ReadonlySet<string>, { files, read }: Repository): Check {
  const linkedFrom = ({ path, links }: Document) =>
    links
      .map(({ text }) => posix.join(posix.dirname(path), text.replace(/#.*/, '')))
      .filter((target) => target.endsWith('.md') && files.has(target))
      .map((target) => readDocument(target, read(target)));
  return (document) => {
    const texts = [
      { text: document.prose, line: 1 },
      ...document.blocks.map(({ code, line }) => ({ text: code, line })),
    ];
    const ours = texts.flatMap(({ text, line }) =>
      [...text.matchAll(OURS)].map(({ 0: name, index }) => ({
        name,
        line: line + text.slice(0, index).split('\n').length - 1,
      })),
    );
    const scripts = document.blocks
      .filter(({ lang }) => isShell(lang))
      .map((block) => ({ block, read: readShell(block.code) }));
    const own = setIn(document);
    const told = (name: string) => document.prose.includes(`\`$${name}\``) || document.prose.includes(`\`${name}\``);
    const used = scripts.flatMap(({ block, read }) =>
      read.used
        .map((text) => ({ name: /[A-Za-z_]\w*/.exec(text)?.[0] ?? '', line: block.line }))
        .filter(({ name }) => name !== '' && !known.has(name) && !own.includes(name) && !told(name)),
    );
    const elsewhere = used.length === 0 ? [] : linkedFrom(document).flatMap(setIn);
    return [
      ...ours.filter(({ name }) => !known.has(name)),
      ...used.filter(({ name }) => !elsewhere.includes(name)),
    ].map(({ name, line }) => at(document, line, `there is no variable ${name}`));
  };
}
