import { variables } from '../../src/config/variables.ts';
import { isShell } from './commands.ts';
import { at, type Check } from './fault.ts';
import type { Repository } from './repository.ts';
import { readShell } from './shell.ts';

/** Of the shell, of Google's clients, of Node and of the programs that our documents tell of. */
const ofOthers =
  'HOME PATH PWD USER GOOGLE_APPLICATION_CREDENTIALS METADATA_SERVER_DETECTION NODE_OPTIONS CLOUDSDK_AUTH_ACCESS_TOKEN_FILE';

/** Of the product, of tests, benchmarks and the stand, and of the others that they build on. */
export function variablesOf({ files, read }: Repository): Set<string> {
  const sources = [...files].filter(
    (path) => /^(test|bench|demo|emulators)\/.*\.ts$/.test(path) && !path.startsWith('test/docs/'),
  );
  const ofTests = sources.flatMap((path) =>
    [...read(path).matchAll(/\benv(?:ironment)?(?:\.|\['|\[`)([A-Z][A-Z0-9_]+)/g)].map(([, name = '']) => name),
  );
  return new Set([...Object.keys(variables), ...ofTests, ...ofOthers.split(' ')]);
}

const OURS = /\b(SALLYPORT_[A-Z0-9_]*[A-Z0-9]|[A-Z_]+_EMULATOR_HOST)\b/g;

/**
 * Every variable that bears the product's name is one of its table or of its tests, wherever it is named; every other that a script uses
 * is set in that document, or known to be another program's.
 */
export function variablesExist(known: ReadonlySet<string>): Check {
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
    const assigned = new Set(scripts.flatMap(({ read }) => read.commands.flatMap((command) => command.assigned)));
    const told = (name: string) => document.prose.includes(`\`$${name}\``) || document.prose.includes(`\`${name}\``);
    const used = scripts.flatMap(({ block, read }) =>
      read.used
        .map((text) => ({ name: /[A-Za-z_]\w*/.exec(text)?.[0] ?? '', line: block.line }))
        .filter(({ name }) => name !== '' && !assigned.has(name) && !told(name)),
    );
    return [...ours, ...used]
      .filter(({ name }) => !known.has(name))
      .map(({ name, line }) => at(document, line, `there is no variable ${name}`));
  };
}
