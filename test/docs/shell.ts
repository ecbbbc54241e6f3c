import { type Command, forEachChild, parse, type SyntaxNode } from 'unbash';

/** A command of a script: its words without quotes, in their order, from its name on. */
export type Simple = { words: readonly string[]; assigned: readonly string[]; line: number };
export type Read = { commands: readonly Simple[]; used: readonly string[]; errors: readonly string[] };

/** A script, as a shell would read it. Nothing of it is run. */
export function readShell(code: string): Read {
  const script = parse(code);
  const commands: Simple[] = [];
  const used: string[] = [];
  const visit = (node: SyntaxNode) => {
    if (node.type === 'Command') commands.push(simple(node, code));
    if (node.type === 'For') commands.push({ words: [], assigned: [node.name.value], line: lineOf(node, code) });
    if (node.type === 'SimpleExpansion' || node.type === 'ParameterExpansion')
      used.push(code.slice(node.pos, node.end));
    forEachChild(node, visit);
  };
  visit(script);
  return { commands, used, errors: (script.errors ?? []).map(({ message }) => message) };
}

function simple(node: Command, code: string): Simple {
  const words = [node.name, ...node.args].flatMap((word) =>
    word === undefined ? [] : word.type === 'Word' ? [word.value] : [word.text],
  );
  const assigned = [...node.prefix, ...node.args].flatMap((part) => (part.type === 'Assignment' ? [part.name] : []));
  const exported = words[0] === 'export' ? words.slice(1).map((word) => word.split('=')[0] ?? '') : [];
  return { words, assigned: [...assigned, ...exported], line: lineOf(node, code) };
}

const lineOf = ({ pos }: { pos: number }, code: string) => code.slice(0, pos).split('\n').length;
