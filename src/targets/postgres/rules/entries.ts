import type { Classification } from '../../../model/connection.ts';

/** Column → class, as the classification has it for one relation or glob. */
export type Entry = ReadonlyMap<string, string>;

/** Answers the entries that speak of a relation: the one by its name, else every glob that matches. */
export function entriesOf(classification: Classification): (name: string) => readonly Entry[] {
  const globs = [...classification]
    .filter(([key]) => key.includes('*'))
    .map(([key, entry]) => ({ matches: globOf(key), entry }));
  return (name) => {
    const exact = classification.get(name);
    if (exact !== undefined) return [exact];
    return globs.filter(({ matches }) => matches(name)).map(({ entry }) => entry);
  };
}

/** Whether a name fits a glob, in which `*` stands for any run of characters. */
export function globOf(glob: string): (name: string) => boolean {
  const parts = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('.*')}$`);
  return (name) => pattern.test(name);
}
