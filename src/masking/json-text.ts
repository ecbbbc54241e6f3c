/**
 * The JSON with every text in it replaced, keys too, and all else as it stands, to the last digit of a number; the same
 * string where nothing changes. Two keys that become equal are told apart by a number.
 */
export function mapTexts(json: string, replace: (text: string) => string): string {
  const objects: Map<string, boolean>[] = [];
  let mapped = '';
  let done = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === opening) objects.push(new Map());
    else if (code === closing) objects.pop();
    if (code !== quote) continue;
    const end = endOfString(json, at);
    const text: string = JSON.parse(json.slice(at, end));
    const names = isKey(json, end) ? objects.at(-1) : undefined;
    const replaced = names === undefined ? replace(text) : renamed(text, replace(text), names);
    if (replaced !== text) {
      mapped += json.slice(done, at) + JSON.stringify(replaced);
      done = end;
    }
    at = end - 1;
  }
  return done === 0 ? json : mapped + json.slice(done);
}

const quote = 0x22;
const backslash = 0x5c;
const opening = 0x7b;
const closing = 0x7d;

function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json.charCodeAt(at) !== quote) at += json.charCodeAt(at) === backslash ? 2 : 1;
  return at + 1;
}

const beforeColon = /[ \t\n\r]*:/y;

function isKey(json: string, end: number): boolean {
  beforeColon.lastIndex = end;
  return beforeColon.test(json);
}

/** `names` are those of the object so far, and whether each was replaced. What PostgreSQL's `json` repeats by itself stays. */
function renamed(text: string, replaced: string, names: Map<string, boolean>): string {
  let free = replaced;
  const collides = (name: string) => names.has(name) && (replaced !== text || names.get(name) === true);
  for (let number = 2; collides(free); number++) free = `${replaced} ${number}`;
  names.set(free, free !== text);
  return free;
}
