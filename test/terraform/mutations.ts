import { readFileSync } from 'node:fs';
import type { Mutation } from './offline.ts';

/** Some lines of the module changed for the worse, and the rule that finds it out: by its first words, and by a part of the address. */
export type Mutant = Mutation & { rule: string; where: string };

/** `mutations.txt`: file, rule and where; then what is taken out (-) and what is put in its place (+). */
export const mutants: readonly Mutant[] = readFileSync(new URL('mutations.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n\n')
  .map((block) => {
    const [head = '', ...lines] = block.split('\n');
    const [file = '', rule = '', where = ''] = head.split(' | ');
    const marked = (mark: string) => lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(1));
    const [from, to] = [marked('-'), marked('+')];
    return { file, rule, where, from: from.join('\n'), to: to.join('\n') };
  });

/** Those that can be tried in one plan: none changes the same lines, and none is to be found where another is. */
export function batches(all: readonly Mutant[]): Mutant[][] {
  const made: Mutant[][] = [];
  for (const each of all) {
    const together = made.find((batch) => !batch.some((other) => hides(other, each)));
    if (together === undefined) made.push([each]);
    else together.push(each);
  }
  return made;
}

const hides = (one: Mutant, other: Mutant) =>
  (one.file === other.file && (one.from.includes(other.from) || other.from.includes(one.from))) ||
  (one.rule === other.rule && (one.where.includes(other.where) || other.where.includes(one.where)));
