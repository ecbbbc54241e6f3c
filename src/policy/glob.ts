/**
 * Matches whole texts against a pattern in which `*` stands for any run of characters, also none and also across dots and
 * slashes. Everything else is literal, and case counts. Never backtracks, so no pattern can make it slow.
 */
export function glob(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text === pattern;
  return (text) => {
    const end = text.length - last.length;
    if (first.length > end || !text.startsWith(first) || !text.endsWith(last)) return false;
    return inOrder(text, rest, first.length, end);
  };
}

/** Each part as early as possible leaves the most room for those after it. */
function inOrder(text: string, parts: readonly string[], start: number, end: number) {
  let at = start;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
