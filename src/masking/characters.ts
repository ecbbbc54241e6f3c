/** Tests of single characters by code, without the cost of a regular expression. `NaN`, as `charCodeAt` gives past the end, is none of them. */

export const codes = { space: 0x20, plus: 0x2b, dash: 0x2d, dot: 0x2e, open: 0x28, close: 0x29, at: 0x40 } as const;

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** ASCII only. */
export function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** Letters, digits and the underscore; beyond ASCII the letters of European scripts. */
export function isWord(code: number): boolean {
  return isDigit(code) || isLetter(code) || code === 0x5f || isEuropean(code);
}

/** Latin, Greek and Cyrillic beyond ASCII. */
export function isEuropean(code: number): boolean {
  return code >= 0xc0 && code <= 0x52f;
}
