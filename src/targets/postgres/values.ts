import type { Value } from '../../model/result.ts';

/** Makes the value of an answer of PostgreSQL's text for it. */
export type Reader = (text: string) => Value;

const asText: Reader = (text) => text;
const asNumber: Reader = (text) => Number(text);

/** Beyond 2^53 JSON's readers would round it. */
const asBigNumber: Reader = (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : text);

/** NaN and the infinities have no number in JSON. */
const asFloat: Reader = (text) => (Number.isFinite(Number(text)) ? Number(text) : text);

const asBoolean: Reader = (text) => text === 't';
const asBytes: Reader = (text) => Buffer.from(text.slice(2), 'hex').toString('base64');

/** `2026-01-31 12:00:00+00` → `2026-01-31T12:00:00Z`. What ISO 8601 cannot say (infinity, BC) stays as it is. */
const asTime: Reader = (text) =>
  /^\d{4}-\d\d-\d\d \d/.test(text) && !text.endsWith('BC') ? text.replace(' ', 'T').replace(/\+00$/, 'Z') : text;

/** Parsed, unless a number in it has more digits than JSON's readers keep: then its text. */
const asJson: Reader = (text) => {
  const withoutStrings = /\d{16}|\d[eE]|\.\d{15}/.test(text) ? text.replace(/"(?:[^"\\]|\\.)*"/g, '') : '';
  return /\d{16}|\d[eE]|\.\d{15}/.test(withoutStrings) ? text : JSON.parse(text);
};

const byOid = new Map<number, Reader>([
  [16, asBoolean],
  [17, asBytes],
  [20, asBigNumber],
  [21, asNumber],
  [23, asNumber],
  [26, asNumber],
  [114, asJson],
  [700, asFloat],
  [701, asFloat],
  [1114, asTime],
  [1184, asTime],
  [3802, asJson],
]);

/** Array types by their oid → the oid of their elements. The oids of built-in types never change. */
const elements = new Map([
  [199, 114],
  [1000, 16],
  [1001, 17],
  [1003, 19],
  [1005, 21],
  [1007, 23],
  [1009, 25],
  [1014, 1042],
  [1015, 1043],
  [1016, 20],
  [1021, 700],
  [1022, 701],
  [1028, 26],
  [1115, 1114],
  [1182, 1082],
  [1183, 1083],
  [1185, 1184],
  [1231, 1700],
  [2951, 2950],
  [3807, 3802],
]);

/** How the text of a type is read; types that are not known stay text. */
export function readerFor(oid: number): Reader {
  const element = elements.get(oid);
  return element === undefined ? (byOid.get(oid) ?? asText) : arrayReader(byOid.get(element) ?? asText);
}

/** `{1,NULL,"a b"}` → `[1, null, "a b"]`. Arrays with bounds of their own (`[0:1]={…}`) stay text. */
function arrayReader(read: Reader): Reader {
  return (text) => {
    if (!text.startsWith('{')) return text;
    const token = /[{},]|"((?:[^"\\]|\\.)*)"|[^{},"]+/gs;
    const stack: Value[][] = [[]];
    for (const [piece, inQuotes] of text.matchAll(token)) {
      const top = stack.at(-1) ?? [];
      if (piece === '{') {
        const inner: Value[] = [];
        top.push(inner);
        stack.push(inner);
      } else if (piece === '}') stack.pop();
      else if (piece !== ',') {
        if (inQuotes !== undefined) top.push(read(inQuotes.replace(/\\(.)/gs, '$1')));
        else top.push(piece === 'NULL' ? null : read(piece));
      }
    }
    return stack[0]?.[0] ?? text;
  };
}
