import { invalidQuery } from '../errors.ts';

/** A JSONPath of GoogleSQL (`$.a[0]['b c']."d"`) in DuckDB's spelling. Refuses wildcards and filters. */
export function jsonPath(path: string): string {
  const steps = /^\$((?:\.\w[\w-]*|\."(?:[^"\\]|\\.)*"|\[\d+\]|\['(?:[^'\\]|\\.)*'\]|\["(?:[^"\\]|\\.)*"\])*)$/.exec(
    path,
  )?.[1];
  if (steps === undefined) throw invalidQuery(`Unsupported or invalid JSONPath: ${path}`);
  const each = steps.matchAll(/\.(\w[\w-]*)|\[(\d+)\]|(?:\.|\[)(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\]?/g);
  return `$${[...each].map(([, bare, index, double, single]) => (index === undefined ? member(bare ?? double ?? single ?? '') : `[${index}]`)).join('')}`;
}

function member(name: string): string {
  return `."${name.replaceAll("\\'", "'").replaceAll('"', '\\"')}"`;
}
