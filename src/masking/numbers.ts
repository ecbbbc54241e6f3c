import { isCard } from './cards.ts';
import { codes, isDigit, isWord } from './characters.ts';
import type { DetectedClass, Span } from './classes.ts';
import {
  continuesAfter,
  type DigitGroups,
  digitsOf,
  endOf,
  gapAfter,
  hasShape,
  lengthOf,
  readGroups,
  standsAlone,
  startOf,
} from './digit-groups.ts';

type Found = { class: DetectedClass; start: number; last: number };

const cardShapes = [
  [4, 4, 4, 4, 3],
  [4, 4, 4, 4],
  [4, 6, 5],
  [4, 6, 4],
];
const leastCard = 13;
const mostCard = 19;
/** In a telephone number; a dotted quad may have as few as four. */
const leastDigits = 8;
const mostPhoneDigits = 15;

/** A group of digits that is no date and has a plus before it, thirteen digits in it, or more digits near it. Nothing else needs a closer look. */
const gate = /\d(?<!\w\d)(?:(?<=\+\d)|\d{12}|(?!\d{3}-\d\d-\d\d)\d{0,5}[ .()-](?:[ .()-]?\d){3})/;

/** Cards, US social security numbers, telephone numbers and IPv4 addresses, in one walk over the groups of digits. */
export function findNumbers(text: string, found: Span[]) {
  if (!gate.test(text)) return;
  for (let index = 0; index < text.length; index++) {
    if (!isDigit(text.charCodeAt(index))) continue;
    const groups = readGroups(text, index);
    const count = groups.starts.length;
    if (groups.digits >= leastDigits || count >= 4) findInGroups(groups, found);
    index = endOf(groups, count - 1);
  }
}

function findInGroups(groups: DigitGroups, found: Span[]) {
  for (let first = 0; first < groups.starts.length; first++) {
    const number =
      cardAt(groups, first) ?? addressAt(groups, first) ?? securityAt(groups, first) ?? phoneAt(groups, first);
    if (number === undefined) continue;
    found.push({ class: number.class, start: number.start, end: endOf(groups, number.last) });
    first = number.last;
  }
}

/** ISO/IEC 7812: unbroken, or grouped as on the card; of a known brand and length, with a right check digit. */
function cardAt(groups: DigitGroups, first: number): Found | undefined {
  const length = lengthOf(groups, first);
  if (length === 4) return groupedCardAt(groups, first);
  if (length < leastCard || length > mostCard || isNegative(groups, first)) return undefined;
  return cardWithin(groups, first, first);
}

function groupedCardAt(groups: DigitGroups, first: number): Found | undefined {
  for (const shape of cardShapes) {
    const card = hasShape(groups, first, shape, ' -.') && cardWithin(groups, first, first + shape.length - 1);
    if (card) return card;
  }
  return undefined;
}

function cardWithin(groups: DigitGroups, first: number, last: number): Found | undefined {
  if (!standsAlone(groups, first, last) || !isCard(digitsOf(groups, first, last))) return undefined;
  return { class: 'CREDIT_CARD_NUMBER', start: startOf(groups, first), last };
}

function isNegative(groups: DigitGroups, group: number): boolean {
  const sign = startOf(groups, group) - 1;
  return groups.text.charCodeAt(sign) === codes.dash && !isWord(groups.text.charCodeAt(sign - 1));
}

/** Dotted quads without leading zeros. */
function addressAt(groups: DigitGroups, first: number): Found | undefined {
  const last = first + 3;
  for (let group = first; group <= last; group++) {
    if (!isOctet(groups, group) || (group < last && gapAfter(groups, group) !== '.')) return undefined;
  }
  return standsAlone(groups, first, last) ? { class: 'IP_ADDRESS', start: startOf(groups, first), last } : undefined;
}

function isOctet(groups: DigitGroups, group: number): boolean {
  const length = lengthOf(groups, group);
  if (length === 1) return true;
  const digits = length <= 3 ? digitsOf(groups, group) : '0';
  return !digits.startsWith('0') && Number(digits) <= 255;
}

/** Grouped only, as nine plain digits are any number; areas and serials that were never issued are none (SSA). */
function securityAt(groups: DigitGroups, first: number): Found | undefined {
  const last = first + 2;
  if (!hasShape(groups, first, [3, 2, 4], '- ') || !standsAlone(groups, first, last)) return undefined;
  const isIssued = !/^(000|666|9|...00|.....0000)/.test(digitsOf(groups, first, last));
  return isIssued ? { class: 'US_SOCIAL_SECURITY_NUMBER', start: startOf(groups, first), last } : undefined;
}

/** International with `+` (E.164), or North American in its usual groups: plain digits are any number. */
function phoneAt(groups: DigitGroups, first: number): Found | undefined {
  return internationalAt(groups, first) ?? americanAt(groups, first);
}

function internationalAt(groups: DigitGroups, first: number): Found | undefined {
  const { text } = groups;
  const start = startOf(groups, first) - 1;
  if (text.charCodeAt(start) !== codes.plus || isWord(text.charCodeAt(start - 1)) || text[start + 1] === '0')
    return undefined;
  let last = first;
  let digits = lengthOf(groups, first);
  while (
    /^([ .-]|[ -]?\(|\)[ -]?)$/.test(gapAfter(groups, last)) &&
    digits + lengthOf(groups, last + 1) <= mostPhoneDigits
  )
    digits += lengthOf(groups, ++last);
  const isNumber = digits >= leastDigits && digits <= mostPhoneDigits && !isWord(text.charCodeAt(endOf(groups, last)));
  return isNumber ? { class: 'PHONE_NUMBER', start, last } : undefined;
}

function americanAt(groups: DigitGroups, first: number): Found | undefined {
  const isBracketed = isInBrackets(groups, first);
  const isLed = !isBracketed && digitsOf(groups, first) === '1' && /^[.-]$/.test(gapAfter(groups, first));
  const area = isLed ? first + 1 : first;
  const last = area + 2;
  const isShaped = isBracketed
    ? hasShape(groups, area + 1, [3, 4], '-.') && !continuesAfter(groups.text, endOf(groups, last))
    : hasShape(groups, area, [3, 3, 4], '-.') && standsAlone(groups, first, last);
  if (!isShaped || !/^[2-9]..[2-9]/.test(digitsOf(groups, area, last))) return undefined;
  return { class: 'PHONE_NUMBER', start: startOf(groups, first) - (isBracketed ? 1 : 0), last };
}

/** `(212) 555-0123` */
function isInBrackets(groups: DigitGroups, area: number): boolean {
  if (lengthOf(groups, area) !== 3 || groups.text.charCodeAt(startOf(groups, area) - 1) !== codes.open) return false;
  return /^\) ?$/.test(gapAfter(groups, area));
}
