/** A line for each variable that bears the product's name and that nobody reads: most likely another one, misspelt. */
export function unknownVariables(names: readonly string[], known: readonly string[]): string[] {
  const ours = known.filter((name) => name.startsWith('SALLYPORT_'));
  return names
    .filter((name) => name.startsWith('SALLYPORT_') && !ours.includes(name))
    .map((name) => `${name}: is no variable of Sallyport; the nearest is ${nearest(name, ours)}`);
}

function nearest(name: string, others: readonly string[]): string {
  const [first] = others.map((other) => ({ other, edits: distance(name, other) })).sort((a, b) => a.edits - b.edits);
  return first?.other ?? '';
}

/** Levenshtein's: how many characters must be changed, added or taken away. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, character] of [...a].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...b].entries()) {
      const changed = (row[column] ?? 0) + (character === other ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
