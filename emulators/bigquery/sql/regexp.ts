/** How many capturing groups a regular expression has. */
export function captureGroups(pattern: string): number {
  const plain = pattern.replace(/\\./g, '').replace(/\[(?:\^?\])?[^\]]*\]/g, '');
  return [...plain.matchAll(/\((?!\?)|\(\?P?<\w/g)].length;
}
