import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type JsonMasks, maskJsonBytes, maskText, sealFound } from '../../masking/masking.ts';
import type { Seal } from '../../model/seal.ts';
import { isObject, type Json, mapTexts, parseJson } from './json.ts';
import type { Shown } from './judge/changes.ts';
import type { Finding } from './judge/finding.ts';

/** Bytes of an object that is approved as it stands; of a longer one its digest is. */
const MOST_RESULT = 32 * 1024;

/** An object beside what may be seen of it. */
export function shownOf(object: Json, hides: JsonMasks): Shown {
  if (object === undefined) return { real: undefined, shown: undefined };
  const { bytes } = maskJsonBytes(Buffer.from(JSON.stringify(object)), hides);
  return { real: object, shown: parseJson(Buffer.from(bytes).toString('utf8')) };
}

/** An object as it may stand in the trail: what is hidden is sealed, so that another value is another text. */
export function resultOf({ real, shown }: Shown, seal: Seal): string {
  const sealed = mapTexts(sealedIn(real, shown, seal), (text) => sealFound(text, seal));
  const text = JSON.stringify(sealed) ?? '';
  const size = Buffer.byteLength(text);
  if (size <= MOST_RESULT) return text;
  return `sha256:${createHash('sha256').update(text).digest('hex')} of ${size} bytes`;
}

/** Wherever the two differ, something is hidden. */
function sealedIn(real: Json, shown: Json, seal: Seal): Json {
  if (isDeepStrictEqual(real, shown)) return real;
  if (Array.isArray(real) && Array.isArray(shown) && real.length === shown.length)
    return real.map((item, index) => sealedIn(item, shown[index], seal));
  if (isObject(real) && isObject(shown) && isDeepStrictEqual(Object.keys(real), Object.keys(shown)))
    return Object.fromEntries(Object.entries(real).map(([name, item]) => [name, sealedIn(item, shown[name], seal)]));
  return seal('MASKED', typeof real === 'string' ? real : (JSON.stringify(real) ?? ''));
}

/** For approvers: what is dangerous in it, and what it changes. */
export function textsOf(findings: readonly Finding[], changes: string): string {
  const told = [...new Set(findings.map(({ risk, says }) => `! ${risk}: ${says}`))];
  const text = [...told, ...(told.length > 0 && changes !== '' ? [''] : []), changes].join('\n').trim();
  return maskText(text, { unmask: [] }).text;
}

/** What is approved: the request, and what comes of it. */
export const statementWith = (statement: string, result: string) => `${statement}\n\nWhat comes of it:\n${result}`;
