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

/**
 * Whether a pattern matches anything that a resource may mean. A `*` in a resource stands for one part of it, so for any run of characters
 * but slashes. Takes as many steps as both lengths multiplied.
 */
export function overlaps(pattern: string, resource: string): boolean {
  // For each place in the resource: whether the part of the pattern that was looked at can get as far.
  let reached = [true];
  for (let at = 1; at <= resource.length; at += 1) reached[at] = reached[at - 1] === true && resource[at - 1] === '*';
  for (const expected of pattern) {
    const before = reached;
    reached = [before[0] === true && expected === '*'];
    for (let at = 1; at <= resource.length; at += 1) {
      const given = resource[at - 1];
      const [skipped, taken] = [before[at] === true, reached[at - 1] === true];
      const byPattern = expected === '*' && (skipped || taken);
      const byResource = given === '*' && (taken || (expected !== '/' && skipped));
      reached[at] = byPattern || byResource || (expected === given && before[at - 1] === true);
    }
  }
  return reached[resource.length] === true;
}
