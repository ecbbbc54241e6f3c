/** Columns that a UTF-16 unit takes at a terminal (Unicode Standard Annex #11): each half of a pair is counted as one, as most pairs are wide. */
export function widthOf(code: number): number {
  if (code < 0x300) return 1;
  if (isCombining(code)) return 0;
  return isWide(code) ? 2 : 1;
}

export function widthOfText(text: string): number {
  let width = 0;
  for (let index = 0; index < text.length; index++) width += widthOf(text.charCodeAt(index));
  return width;
}

/** Marks that are put on what stands before them, and what cannot be seen. */
const isCombining = (code: number) =>
  code <= 0x36f ||
  (code >= 0x483 && code <= 0x489) ||
  (code >= 0x591 && code <= 0x5bd) ||
  (code >= 0x610 && code <= 0x61a) ||
  (code >= 0x64b && code <= 0x65f) ||
  (code >= 0x200b && code <= 0x200f) ||
  (code >= 0x202a && code <= 0x202e) ||
  (code >= 0x2060 && code <= 0x2064) ||
  (code >= 0x20d0 && code <= 0x20f0) ||
  (code >= 0xfe00 && code <= 0xfe0f) ||
  (code >= 0xfe20 && code <= 0xfe2f) ||
  code === 0xfeff;

const isWide = (code: number) =>
  (code >= 0x1100 && code <= 0x115f) ||
  (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) ||
  (code >= 0xa960 && code <= 0xa97f) ||
  (code >= 0xac00 && code <= 0xd7a3) ||
  (code >= 0xf900 && code <= 0xfaff) ||
  (code >= 0xfe30 && code <= 0xfe6f) ||
  (code >= 0xff01 && code <= 0xff60) ||
  (code >= 0xffe0 && code <= 0xffe6);
