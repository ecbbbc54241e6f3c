/** No key or token is shorter. */
const least = 20;

const isGap = Uint8Array.from({ length: 128 }, (_, code) =>
  Number(/[\s"'`,;<>(){}[\]]/.test(String.fromCharCode(code))),
);

/** Whether 20 characters follow each other without white space, quotes, brackets or commas. Looks at every twentieth character, and around it only where that is none of them. */
export function hasLongRun(text: string): boolean {
  for (let index = least - 1; index < text.length; index += least) {
    if (endsRun(text, index)) continue;
    let start = index;
    while (start > 0 && !endsRun(text, start - 1)) start--;
    let end = index + 1;
    while (end - start < least && end < text.length && !endsRun(text, end)) end++;
    if (end - start >= least) return true;
  }
  return false;
}

function endsRun(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code < 128 && isGap[code] === 1;
}
