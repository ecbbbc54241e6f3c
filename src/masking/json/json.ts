import type { Transform } from '../../model/documents.ts';
import type { Piece } from '../../model/result.ts';
import type { TokenKey } from '../../model/seal.ts';
import { createBecome, type JsonMask } from './become.ts';
import { events } from './events.ts';
import { documentsInLines } from './lines.ts';
import { readPath } from './paths.ts';
import { createPlaces, type Rule, ruleOf } from './places.ts';
import { createReader, type Reader, type Scalar } from './reader.ts';
import { oneDocument, pass } from './streams.ts';

/** What is masked in a kind of document. Made once, used for many. */
export type JsonMasks = {
  masks: readonly JsonMask[];
  /** For one document; `counts` are values by path. */
  reader: (counts?: Map<string, number>) => Reader;
};

export type ClassifiedPaths = {
  /** Path → class, as a classification says it. */
  paths: ReadonlyMap<string, string>;
  transforms: ReadonlyMap<string, Transform>;
  /** Classes that stay in the clear. */
  unmask: readonly string[];
  tokenKey: TokenKey;
};

/** The masks of classified paths. Throws a `PathError` at a path that cannot be read. */
export function createJsonMasks({ paths, transforms, unmask, tokenKey }: ClassifiedPaths): JsonMasks {
  const rules = [...paths].flatMap(([path, className]): Rule<JsonMask>[] => {
    const steps = readPath(path);
    if (unmask.includes(className)) return [];
    const mask = { path, class: className, transform: transforms.get(className) ?? 'redact' };
    return [ruleOf(steps, { do: 'mask', mask })];
  });
  return masksOf(rules, createBecome(tokenKey));
}

/** The masks of rules made by hand. */
export function masksOf(
  rules: readonly Rule<JsonMask>[],
  become: (masks: readonly JsonMask[], value: Scalar) => string,
): JsonMasks {
  const root = createPlaces(rules);
  return {
    masks: rules.flatMap(({ act }) => (act.do === 'mask' ? [act.mask] : [])),
    reader(counts) {
      if (counts === undefined) return createReader({ root, become, pure: true });
      return createReader<JsonMask>({
        root,
        pure: false,
        become(found, value) {
          for (const { path } of found) counts.set(path, (counts.get(path) ?? 0) + 1);
          return become(found, value);
        },
      });
    },
  };
}

/**
 * How documents stand in an answer: one, of any size · one a line (NDJSON, JSON Lines, watch events) · as server-sent events.
 */
export type JsonFraming = 'document' | 'lines' | 'events';

const framings = { document: oneDocument, lines: documentsInLines, events };

/**
 * JSON as it comes, masked; what no path speaks of keeps its bytes. Memory is that of the largest single text, line or event, of which
 * none may exceed 16 MiB (`too-large`). What is no JSON is refused where it begins (`answer-unreadable`): it never passes.
 */
export function maskJson(
  source: AsyncIterable<Uint8Array>,
  masks: JsonMasks,
  framing: JsonFraming = 'document',
  counts?: Map<string, number>,
): AsyncIterable<Piece> {
  return pass(source, () => framings[framing](() => masks.reader(counts)));
}

/** One document that is there as a whole, masked in the same way. */
export function maskJsonBytes(bytes: Uint8Array, masks: JsonMasks, counts?: Map<string, number>): Piece {
  const { piece } = masks.reader(counts).read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), true);
  return piece;
}
