import type { Seal } from '../../model/seal.ts';
import { mapTexts } from '../json-text.ts';
import { sealFound } from '../seal-found.ts';
import type { JsonMask } from './become.ts';
import { masksOf } from './json.ts';
import { readPath } from './paths.ts';
import { type Rule, ruleOf } from './places.ts';

/**
 * JSON as the trail may hold it: every value at a classified path is sealed, whatever it is, and so is what detectors recognise in the
 * others. Throws as reading it does.
 */
export function sealJson(bytes: Uint8Array, paths: ReadonlyMap<string, string>, seal: Seal): string {
  const rules = [...paths].map(
    ([path, className]): Rule<JsonMask> =>
      ruleOf(readPath(path), { do: 'mask', mask: { path, class: className, transform: 'redact' } }),
  );
  const { reader } = masksOf(rules, ([mask], { json, text }) => JSON.stringify(seal(mask?.class ?? '', text ?? json)));
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sealed = Buffer.from(reader().read(buffer, true).piece.bytes).toString();
  return mapTexts(sealed, (text) => sealFound(text, seal));
}
