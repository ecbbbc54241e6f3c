/** Characters of a value, and how much of a pattern may be of any length: so that no value makes it slow. */
export const MOST_VALUE = 200;
const MOST_REPEATED = 4;
const MOST_GROUPS = 8;

/** A name, a version, a time: no white space, no slash, nothing that a shell or a program reads as more than itself. */
export const DEFAULT_PATTERN = '[A-Za-z0-9_][A-Za-z0-9_.:@+-]*';

/** What only a pattern matches that hardly says anything. */
const anything = ['a;id', '$(id)', '`id`', 'a|id', 'a&id', 'a>b', "a'b"];

/**
 * A regular expression that must match a whole value. Throws an `Error` that says what is wrong: one that could be slow, that lets a value
 * begin with a dash, so that it might be an option, or that matches about anything.
 */
export function readPattern(text: string): RegExp {
  refuseSlow(text);
  const alone = compiled(text);
  const whole = new RegExp(`^(?:${alone.source})$`, 'u');
  if (['-', '-x', '--x', '-1', '--x=y'].some((option) => whole.test(option)))
    throw new Error(`the pattern ${text} lets a value begin with a dash, so that it could be an option`);
  if (anything.some((value) => whole.test(value)))
    throw new Error(`the pattern ${text} takes signs that shells read; say which characters a value may have`);
  return whole;
}

function compiled(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch {
    throw new Error(`${text} is not a regular expression`);
  }
}

/** Only what is matched from left to right without much trying: no look-around, no back-references, no group that repeats without end. */
function refuseSlow(text: string) {
  const bare = text.replace(/\\[^1-9k]/g, '_').replace(/\[[^\]]*\]/g, '_');
  if (/\\|\(\?(?!:)/.test(bare)) throw new Error(`the pattern ${text} looks around or back, which is not taken here`);
  if (/\)(?:[*+]|\{\d+,\})/.test(bare))
    throw new Error(`the pattern ${text} repeats a group without end; repeat a class of characters, or say how often`);
  const groups = [...bare.matchAll(/\)\{(\d+)(?:,(\d+))?\}/g)].map(([, from, to]) => Number(to ?? from));
  const unbounded = [...bare.matchAll(/[*+]|\{\d+,\}|\{\d+,\d\d+\}/g)].length;
  if (groups.some((times) => times > MOST_GROUPS) || unbounded * Math.max(1, ...groups) > MOST_REPEATED)
    throw new Error(`the pattern ${text} repeats too much`);
}
