import { type Command, forEachChild, parse, type SyntaxNode } from 'unbash';

/** A command of a script: its words without quotes, in their order, from its name on. */
export type Simple = { words: readonly string[]; assigned: readonly string[]; line: number };
/** `set`: the variables that it sets. */
export type Read = {
  commands: readonly Simple[];
  used: readonly string[];
  set: readonly string[];
  errors: readonly string[];
};

export const isShell = (lang: string) => ['bash', 'sh', 'shell'].includes(lang);

/** A script, as a shell would read it. Nothing of it is run. */
export function readShell(code: string): Read {
  const script = parse(code);
  const commands: Simple[] = [];
  const used: string[] = [];
  const set: string[] = [];
  const visit = (node: SyntaxNode) => {
    if (node.type === 'Command') commands.push(simple(node, code));
    if (node.type === 'For') set.push(node.name.value);
    if (node.type === 'SimpleExpansion' || node.type === 'ParameterExpansion')
      used.push(code.slice(node.pos, node.end));
    forEachChild(node, visit);
  };
  visit(script);
  set.push(...commands.flatMap((command) => command.assigned));
  return { commands, used, set, errors: (script.errors ?? []).map(({ message }) => message) };
}

function simple(node: Command, code: string): Simple {
  const words = [node.name, ...node.args].flatMap((word) =>
    word === undefined ? [] : word.type === 'Word' ? [word.value] : [word.text],
  );
  const read = words[0] === 'read' ? words.slice(1) : [];
  const assigned = [...node.prefix, ...node.args].flatMap((part) => (part.type === 'Assignment' ? [part.name] : []));
  const exported = words[0] === 'export' ? words.slice(1).map((word) => word.split('=')[0] ?? '') : [];
  return { words, assigned: [...assigned, ...exported, ...read], line: code.slice(0, node.pos).split('\n').length };
}
