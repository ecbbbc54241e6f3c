/** A constant as it is written: without its sign, a string in its quotes. */
type Constant = { start: number; end: number; text: string };

/** A statement as what it is made of but for the values of its constants. Offsets are in UTF-16 units. */
export type Outline = {
  /** The statement with a sign for the kind of each constant in its place: equal where only values differ. */
  key: string;
  constants: readonly Constant[];
};

/** What stands in a key for a constant; none of these can stand in an outlined statement itself. */
const kinds = { integer: '\u0001', wide: '\u0002', decimal: '\u0003', string: '\u0004' } as const;

/** Characters. Beyond, there is no outline: it is the small statements that come often. */
const longest = 4096;
/** Digits that any reader of numbers reads exactly as `int8`. */
const mostDigits = 18;
const mostInt4 = 2_147_483_647;

const [newline, carriage, tab, space, quote, doubleQuote] = [0x0a, 0x0d, 0x09, 0x20, 0x27, 0x22];

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;
const isLetter = (code: number) => (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f;
const isBlank = (code: number) => code === space || code === newline || code === carriage || code === tab;

/** Signs that may stand between words; `$`, a backslash, a backquote and braces are not among them. */
const signs = new Uint8Array(128);
for (const sign of '()[],.;:*=<>+-/%|!~@#^&?') signs[sign.charCodeAt(0)] = 1;

/**
 * The outline of a statement that is written so plainly that nobody can read its constants, or where they begin and end, in two
 * ways: ASCII outside of strings, no comments, no parameters, no prefixed, escaped, dollared or continued strings, no number that is
 * not digits alone (with digits after a point). Undefined for everything else. Whatever the values, PostgreSQL's scanner finds
 * the same tokens in two statements of one key, and so its grammar the same tree but for these values, and but for what it makes of a
 * number in a type's brackets (`FLOAT(24)`).
 */
export function outlineOf(text: string): Outline | undefined {
  if (text.length > longest) return undefined;
  const constants: Constant[] = [];
  let key = '';
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (isBlank(code)) at++;
    else if (isLetter(code)) at = wordEnd(text, at);
    else if (isDigit(code) || code === quote) {
      const end = code === quote ? stringEnd(text, at) : numberEnd(text, at);
      if (end === undefined || !isApart(text, at, end)) return undefined;
      const constant = { start: at, end, text: text.slice(at, end) };
      constants.push(constant);
      key += text.slice(copied, at) + (code === quote ? kinds.string : kindOf(constant.text));
      copied = end;
      at = end;
    } else if (code === doubleQuote) {
      const end = nameEnd(text, at);
      if (end === undefined) return undefined;
      at = end;
    } else if (signs[code] === 1 && !beginsComment(text, at)) at++;
    else return undefined;
  }
  return { key: key + text.slice(copied), constants };
}

function wordEnd(text: string, from: number): number {
  let at = from + 1;
  while (isLetter(text.charCodeAt(at)) || isDigit(text.charCodeAt(at))) at++;
  return at;
}

/** `12` or `1.5`. Undefined where more digits follow than can be told the size of. */
function numberEnd(text: string, from: number): number | undefined {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at++;
  if (text[at] === '.' && isDigit(text.charCodeAt(at + 1))) {
    at++;
    while (isDigit(text.charCodeAt(at))) at++;
  }
  return at - from > mostDigits ? undefined : at;
}

/** Past the closing quote; a doubled one is part of the string. Undefined for what is not plain. */
function stringEnd(text: string, from: number): number | undefined {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote && text.charCodeAt(at + 1) === quote) at++;
    else if (code === quote) return at + 1;
    // A backslash is one where strings conform to the standard, and it is not for us to know whether they do.
    else if (code < space || code === 0x5c || code === 0x7f) return undefined;
  }
  return undefined;
}

/** Past the closing quote of a name; a doubled quote reads as two names, which end where the one does. */
function nameEnd(text: string, from: number): number | undefined {
  if (text[from - 1] === '&') return undefined;
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === doubleQuote) return at + 1;
    if (code < space || code > 0x7e) return undefined;
  }
  return undefined;
}

/** Whether a constant touches nothing that could be a part of it, and no string comes after a string. */
function isApart(text: string, start: number, end: number): boolean {
  if (touches(text.charCodeAt(start - 1)) || text[start - 1] === '&' || touches(text.charCodeAt(end))) return false;
  let next = end;
  while (isBlank(text.charCodeAt(next))) next++;
  return text.charCodeAt(next) !== quote;
}

/** Letters, digits, points and quotes; not a number where the text begins or ends. */
const touches = (code: number) =>
  isLetter(code) || isDigit(code) || code === 0x2e || code === quote || code === doubleQuote;

const beginsComment = (text: string, at: number) =>
  (text[at] === '-' && text[at + 1] === '-') || (text[at] === '/' && text[at + 1] === '*');

function kindOf(number: string): string {
  if (number.includes('.')) return kinds.decimal;
  return Number(number) <= mostInt4 ? kinds.integer : kinds.wide;
}
