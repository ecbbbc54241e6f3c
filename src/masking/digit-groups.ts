import { codes, isDigit, isWord } from './characters.ts';

/** Groups of digits that stand so near to each other that people may mean one number by them. */
export type DigitGroups = { text: string; starts: readonly number[]; ends: readonly number[]; digits: number };

/** The groups that begin with the digit there. Between two of them at most two of space, dash, dot and brackets. */
export function readGroups(text: string, from: number): DigitGroups {
  const starts: number[] = [];
  const ends: number[] = [];
  let digits = 0;
  for (let start = from, end = from; start !== -1; start = nextGroup(text, end)) {
    end = start + 1;
    while (isDigit(text.charCodeAt(end))) end++;
    starts.push(start);
    ends.push(end);
    digits += end - start;
  }
  return { text, starts, ends, digits };
}

function nextGroup(text: string, end: number): number {
  if (!isGap(text.charCodeAt(end))) return -1;
  if (isDigit(text.charCodeAt(end + 1))) return end + 1;
  return isGap(text.charCodeAt(end + 1)) && isDigit(text.charCodeAt(end + 2)) ? end + 2 : -1;
}

function isGap(code: number): boolean {
  return (
    code === codes.space || code === codes.dash || code === codes.dot || code === codes.open || code === codes.close
  );
}

export function startOf({ starts }: DigitGroups, group: number): number {
  return starts[group] ?? Number.NaN;
}

export function endOf({ ends }: DigitGroups, group: number): number {
  return ends[group] ?? Number.NaN;
}

export function lengthOf(groups: DigitGroups, group: number): number {
  return endOf(groups, group) - startOf(groups, group);
}

export function digitsOf(groups: DigitGroups, first: number, last = first): string {
  let digits = '';
  for (let group = first; group <= last; group++)
    digits += groups.text.slice(startOf(groups, group), endOf(groups, group));
  return digits;
}

/** What stands between this group and the next. */
export function gapAfter(groups: DigitGroups, group: number): string {
  return group + 1 < groups.starts.length ? groups.text.slice(endOf(groups, group), startOf(groups, group + 1)) : '';
}

/** Whether groups of exactly these lengths begin there, with the same of these separators between them all. */
export function hasShape(groups: DigitGroups, first: number, lengths: readonly number[], separators: string): boolean {
  for (const [offset, length] of lengths.entries()) if (lengthOf(groups, first + offset) !== length) return false;
  const gap = gapAfter(groups, first);
  for (let offset = 1; offset < lengths.length - 1; offset++)
    if (gapAfter(groups, first + offset) !== gap) return false;
  return lengths.length === 1 || (gap.length === 1 && separators.includes(gap));
}

/** Whether these groups stand alone: not within a word, a longer grouped number or a decimal fraction. */
export function standsAlone(groups: DigitGroups, first: number, last: number): boolean {
  return !continuesBefore(groups.text, startOf(groups, first)) && !continuesAfter(groups.text, endOf(groups, last));
}

function continuesBefore(text: string, start: number): boolean {
  const before = text.charCodeAt(start - 1);
  return isWord(before) || (isJoint(before) && isDigit(text.charCodeAt(start - 2)));
}

export function continuesAfter(text: string, end: number): boolean {
  const after = text.charCodeAt(end);
  return isWord(after) || (isJoint(after) && isDigit(text.charCodeAt(end + 1)));
}

function isJoint(code: number): boolean {
  return code === codes.dash || code === codes.dot;
}
