import { codes, isDigit, isLetter, isWord } from './characters.ts';
import type { Span } from './classes.ts';

/** SWIFT's IBAN registry: the length by country. */
const registry =
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 ' +
  'GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 ' +
  'MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 ' +
  'TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30';
const lengths = new Map(registry.split(' ').map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]));

/** Letters and digits of the longest there may be. */
export const longestIban = 34;

const countries = new Uint8Array(26 * 26);
for (const name of lengths.keys()) countries[(name.charCodeAt(0) - 65) * 26 + name.charCodeAt(1) - 65] = 1;

/** Whether two letters, of any case, are a country that issues account numbers. */
export function isKnownCountry(first: number, second: number): boolean {
  if (!isLetter(first) || !isLetter(second)) return false;
  return countries[((first & 0x5f) - 65) * 26 + (second & 0x5f) - 65] === 1;
}

/** Looks for the check digits first, as a text has fewer digits than letters. */
const checkDigits = /\d\d(?<=(?<!\w)[a-z]{2}\d\d)/gi;

/** International account numbers (ISO 13616), with or without spaces or dashes, of the right length and check digits. */
export function findIbans(text: string, found: Span[]) {
  checkDigits.lastIndex = 0;
  while (checkDigits.test(text)) {
    const start = checkDigits.lastIndex - 4;
    const length = lengths.get(text.slice(start, start + 2).toUpperCase());
    const end = length === undefined ? undefined : endAfter(text, start, length);
    if (end !== undefined && hasCheckDigits(text.slice(start, end))) found.push({ class: 'IBAN_CODE', start, end });
  }
}

/** Where that many letters and digits end, single separators between them not counted. */
function endAfter(text: string, start: number, length: number): number | undefined {
  let index = start;
  for (let seen = 0; seen < length; index++) {
    const code = text.charCodeAt(index);
    if (isDigit(code) || isLetter(code)) seen++;
    else if ((code !== codes.space && code !== codes.dash) || text.charCodeAt(index - 1) === code) return undefined;
  }
  return isWord(text.charCodeAt(index)) ? undefined : index;
}

/** ISO 7064, MOD 97-10. */
function hasCheckDigits(iban: string): boolean {
  const compact = iban.replace(/[ -]/g, '').toUpperCase();
  let rest = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4))
    for (const digit of String(Number.parseInt(character, 36))) rest = (rest * 10 + Number(digit)) % 97;
  return rest === 1;
}
