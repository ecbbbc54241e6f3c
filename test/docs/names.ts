import { type ProblemCode, problems } from '../../src/model/problem.ts';
import { at, type Check } from './fault.ts';
import { foreign } from './foreign.ts';
import type { Repository } from './repository.ts';

const WORD = /[A-Za-z_$][\w$]*(?:-[\w$]+)*/g;

const SOURCES =
  /^(src|emulators|demo|bench|terraform|policies|image|release)\/.*\.(ts|tf|sql|ya?ml|js|json|hcl|sh)$|^[^/]+\.(ya?ml|json|ts)$|^Dockerfile$/;

/** Every name in the product's sources, in those of the deployment and of the local stand; whole, and by parts. */
export function namesOf({ files, read }: Repository): Set<string> {
  const names = new Set<string>();
  for (const path of files) {
    if (!SOURCES.test(path) || path.endsWith('package-lock.json')) continue;
    const text = `${path} ${read(path)}`;
    for (const [word] of text.matchAll(WORD)) for (const name of [word, ...word.split('-')]) names.add(name);
    for (const [file] of text.matchAll(/[\w-]+\.\w+/g)) names.add(file);
  }
  return names;
}

/** Names that can be nothing but a program's: with an underscore, a dash or a capital within, or parts that dots join. */
const NAME = /^[A-Za-z][\w-]*(\.[A-Za-z][\w-]*)*$/;
const isProgrammed = (text: string) => /[_-]|[a-z][A-Z]|\w\.\w/.test(text);

/** Every name in backticks that looks like one of a program stands in the sources; a name of another program is listed in `foreign.ts`. */
export function namesAreKnown(names: ReadonlySet<string>, environment: ReadonlySet<string>): Check {
  const known = (text: string) =>
    environment.has(text) ||
    names.has(text) ||
    foreign.has(text) ||
    (text.includes('.') && text.split('.').every((part) => names.has(part) || foreign.has(part)));
  return (document) =>
    document.spans
      .map((span) => ({ ...span, name: /^([\w.-]+)(\([\w, ]*\)|: \S+)?$/.exec(span.text)?.[1] ?? '' }))
      .filter(({ name }) => NAME.test(name) && isProgrammed(name) && !known(name))
      .map(({ name, line }) =>
        at(document, line, `nothing in the product is called ${name} (others’ names stand in foreign.ts)`),
      );
}

const statuses: Record<string, readonly [number, string]> = problems;
const isCode = (text: string): text is ProblemCode => Object.hasOwn(problems, text);

/** A problem that is told with a status is told with its own: "429 (`approval-pending`)". */
export const statusesAreRight: Check = (document) =>
  document.spans
    .filter(({ text }) => isCode(text))
    .flatMap(({ text, at: place, line }) => {
      const before = document.prose.slice(0, place);
      const [, told] = /\b([45]\d\d)\**,? \(?`$/.exec(before) ?? [];
      const [status] = statuses[text] ?? [];
      return told === undefined || Number(told) === status
        ? []
        : [at(document, line, `${text} is ${status}, not ${told}`)];
    });
