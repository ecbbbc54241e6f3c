/**
 * The commands of a line as a shell would split it, no more: words, quotes of both kinds, backslashes, and `;` between commands. Whatever else
 * a shell knows is a word like any other here.
 */
export function commandsIn(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const [token, quoted] of line.matchAll(/;|((?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s;'"\\])+)/gs)) {
    if (quoted === undefined) commands.push([]);
    else commands.at(-1)?.push(unquoted(token));
  }
  return commands.filter((words) => words.length > 0);
}

function unquoted(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs,
    (_whole, single?: string, double?: string, escaped?: string) => {
      return single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '';
    },
  );
}
