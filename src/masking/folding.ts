/** A text as detectors read it, and where each of its characters stood in the original. */
export type Folded = { text: string; positions: readonly number[] };

const invisible = '\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff';
const spaces = '\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000';
const dashes = '\u2010-\u2015\u2212\ufe58\ufe63';
const fullWidth = '\uff01-\uff5e';
const arabicDigits = '\u0660-\u0669\u06f0-\u06f9';

const foldable = new RegExp(`[${invisible}${spaces}${dashes}${fullWidth}${arabicDigits}]`);
const isInvisible = new RegExp(`[${invisible}]`);
const isSpace = new RegExp(`[${spaces}]`);
const isDash = new RegExp(`[${dashes}]`);

/**
 * Undoes disguises that copying and typesetting bring along: characters that are not seen are dropped, and spaces,
 * dashes, full-width letters and Arabic-Indic digits become their ASCII equals. Letters of other scripts that merely look alike
 * stay, as they are honest text far more often. Undefined where there is nothing to undo.
 */
export function fold(text: string): Folded | undefined {
  if (!foldable.test(text)) return undefined;
  const positions: number[] = [];
  let folded = '';
  for (let index = 0; index < text.length; index++) {
    const plain = foldCharacter(text.charAt(index));
    if (plain === '') continue;
    folded += plain;
    positions.push(index);
  }
  return { text: folded, positions };
}

function foldCharacter(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x80 || !foldable.test(character)) return character;
  if (isInvisible.test(character)) return '';
  if (isSpace.test(character)) return ' ';
  if (isDash.test(character)) return '-';
  if (code >= 0xff01) return String.fromCharCode(code - 0xfee0);
  return String(code % 0x10);
}
