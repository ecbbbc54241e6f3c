import type { Subject } from './language/subject.ts';
import { isName, lineOf } from './language/words.ts';
import type { Cover } from './masks/masks.ts';
import { resourceOf } from './names.ts';
import type { Settings } from './settings.ts';

const predicates = new Set(['WHERE', 'ON', 'USING', 'GROUP', 'HAVING', 'QUALIFY', 'ORDER', 'PARTITION']);
const others = new Set(['SELECT', 'FROM', 'JOIN', 'LIMIT', '|>', 'UNION', 'INTERSECT', 'EXCEPT']);

/** One for each hidden column that a condition, a grouping or an order speaks of. */
export function predicateWarnings(
  { lexed, places }: Subject,
  covers: ReadonlyMap<string, Cover>,
  settings: Pick<Settings, 'project'>,
): string[] {
  const line = lineOf(lexed.tokens);
  const spoken = new Set<string>();
  let inPredicate = false;
  lexed.tokens.forEach((token, index) => {
    const key = line.key(index);
    if (predicates.has(key)) inPredicate = true;
    else if (others.has(key)) inPredicate = false;
    else if (inPredicate && (isName(token) || line.isMember(index))) spoken.add(token.text.toLowerCase());
  });
  const columns = places.flatMap(({ name = '' }) => {
    const hidden = [...(covers.get(name)?.hidden.keys() ?? [])];
    return hidden
      .filter((path) => spoken.has(path.split('.').at(-1) ?? ''))
      .map((path) => `${resourceOf(name, settings)}.${path}`);
  });
  return [...new Set(columns)]
    .sort()
    .map((name) => `${name} is masked: conditions, grouping and order see the mask, not the value.`);
}
