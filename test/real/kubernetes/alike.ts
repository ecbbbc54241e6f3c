import type { Ran } from './kubectl.ts';
import { planted } from './stage.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const secrets = Object.values(planted).flatMap((value) => [value, base64(value)]);
/** The mark that stands for a masked value, and what Secrets hold in its place. */
const marks = [/\[[A-Z][A-Z0-9_]+\]/, new RegExp(base64('[CREDENTIAL]').replace(/=+$/, '=*'))];
const hidden = new RegExp([...secrets.map(literally), ...marks.map(({ source }) => source)].join('|'), 'g');

/** What two runs of the same command may differ in: masks, times, ages, ids, versions, addresses. */
const differing: readonly (readonly [pattern: RegExp, stand: string])[] = [
  [hidden, '‹hidden›'],
  // Marks begin with a bracket, so YAML quotes them.
  [/'‹hidden›'/g, '‹hidden›'],
  // What others have put there to be hidden.
  [/("(?:password|user)": )"[^"]*"/g, '$1"‹hidden›"'],
  [/(password=)[\w-]+/g, '$1‹hidden›'],
  [/https:\/\/127\.0\.0\.1:\d+(\/k8s\/[a-z]+)?/g, '‹server›'],
  [/\b(127\.0\.0\.1|\[::1\]|localhost):\d+/g, '‹address›'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '‹uid›'],
  [/\b10\.0\.0\.\d+\b/g, '‹cluster address›'],
  [/\/tmp\/(LIVE|MERGED)-\d+/g, '/tmp/$1'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \+0000/g, '‹time›'],
  [/(resourceVersion"?: ?"?)\d+/g, '$1‹version›'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '‹time›'],
  [/\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+A-Z0-9]+/g, '‹time›'],
  [/^[IWE]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ /gm, '‹log› '],
  [/(?<![\w.-])(\d+[smhdy]){1,2}(?![\w.-])/g, '‹age›'],
  // What `script` writes at the end of its own input.
  [/\^@/g, ''],
  // A race inside kubectl: the end of a stream that it has stopped to look at.
  [/^.*Unknown stream id \d, discarding message$/gm, ''],
  // Another: what tar tells on the side comes after the end of the archive, at which kubectl leaves.
  [/^tar: (Removing .*\n?)?/gm, ''],
  [/<unknown>/g, '‹age›'],
  [/\b\d+ bytes\b/g, '‹size›'],
  [/-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '-‹random›'],
  [/[ \t]+/g, ' '],
];

/** A run as it is compared. */
export function likeness({ status, stdout, stderr }: Ran): Ran {
  const plain = (text: string) =>
    differing.reduce((said, [pattern, stand]) => said.replace(pattern, stand), text).trim();
  return { status, stdout: plain(stdout), stderr: plain(stderr) };
}

/** The planted values in what was seen, in the clear or as base64 at any offset. */
export function leaks(seen: string): string[] {
  return Object.values(planted).filter((value) => [value, ...anyOffset(value)].some((form) => seen.includes(form)));
}

/** Base64 of a text inside another, whatever stands before it: without the characters that hold bits of the neighbours. */
function anyOffset(value: string): string[] {
  return [0, 1, 2].map((offset) => {
    const whole = base64('\0'.repeat(offset) + value);
    return whole.replace(/=+$/, '').slice(offset === 0 ? 0 : offset + 1, -1);
  });
}
