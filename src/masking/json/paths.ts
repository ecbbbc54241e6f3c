/** One step of a path through a document. */
export type Step =
  | { to: 'key'; name: string }
  /** A member of one of these names. */
  | { to: 'oneOf'; names: ReadonlySet<string> }
  /** `*`: any member. */
  | { to: 'member' }
  /** A member whose name passes. */
  | { to: 'named'; passes: (name: string) => boolean }
  | { to: 'index'; index: number }
  /** `[*]` */
  | { to: 'element' }
  /** `[NAME]`, after `[*]`: if it is an object whose `name` is NAME, as elements of lists in Kubernetes are told apart. */
  | { to: 'item'; name: string }
  /** `**`: any number of levels, none too. */
  | { to: 'deep' };

/** A path cannot be read; the message says what to write. Holds what the author of the path wrote. */
export class PathError extends Error {}

/** The last element that a path can speak of by its number. */
export const mostIndex = 999;

const word = /[^.[\]"*]+/y;
const quoted = /\["((?:[^"\\]|\\.)*)"\]/y;
const bracketed = /\[([^\]"]+)\]/y;

/**
 * Reads `data.*`, `items[*].email`, `**.ssn`, `a.b[0].c`, `env[NAME].value`, `["a.b"].c`. Throws a `PathError` at anything else,
 * as a path that is misread would mask nothing. `**` alone is the whole document.
 */
export function readPath(path: string): readonly Step[] {
  if (path === '**') return [];
  const steps: Step[] = [];
  let at = 0;
  const take = (expression: RegExp): RegExpExecArray | null => {
    expression.lastIndex = at;
    const match = expression.exec(path);
    if (match !== null) at = expression.lastIndex;
    return match;
  };
  while (at < path.length) {
    const name = take(quoted)?.[1];
    if (name !== undefined) {
      steps.push({ to: 'key', name: unquoted(name, path) });
      continue;
    }
    const inside = take(bracketed)?.[1];
    if (inside !== undefined) {
      steps.push(...bracketSteps(inside, path, at));
      continue;
    }
    if (steps.length > 0) {
      if (path[at] !== '.') throw wrong(path, at);
      at++;
    }
    steps.push(namedStep(path, at, take));
    if (path.startsWith('**', at)) at += 2;
    else if (path[at] === '*') at += 1;
  }
  if (steps.length === 0 || steps.at(-1)?.to === 'deep') throw wrong(path, at);
  return steps;
}

function namedStep(path: string, at: number, take: (expression: RegExp) => RegExpExecArray | null): Step {
  if (path.startsWith('**', at)) return { to: 'deep' };
  if (path[at] === '*') return { to: 'member' };
  const name = take(word)?.[0];
  if (name === undefined) throw wrong(path, at);
  return { to: 'key', name };
}

function bracketSteps(inside: string, path: string, at: number): Step[] {
  if (inside === '*') return [{ to: 'element' }];
  if (!/^\d+$/.test(inside)) return [{ to: 'element' }, { to: 'item', name: inside }];
  const index = Number(inside);
  if (index > mostIndex) throw wrong(path, at);
  return [{ to: 'index', index }];
}

function unquoted(name: string, path: string): string {
  try {
    return String(JSON.parse(`"${name}"`));
  } catch {
    throw wrong(path, path.indexOf(name));
  }
}

const wrong = (path: string, at: number) =>
  new PathError(
    `The path ${path} cannot be read at character ${at + 1}: write names with dots between, [*] or [0] for elements, ["a.b"] for a name with a dot, ** for any depth.`,
  );
