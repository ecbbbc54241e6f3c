import { isUtf8 } from 'node:buffer';
import { Problem } from '../../model/problem.ts';
import type { Piece } from '../../model/result.ts';
import { isNotable } from '../notable.ts';
import { endOfValue, listTexts, peekInto, textsOf } from './peek.ts';
import { hintOf, type Place } from './places.ts';
import { endOfScalar, endOfString, incomplete, type Met, malformed, marks, mostLevels, textOf } from './syntax.ts';

/** A value as it stands in a document: `json` is its bytes, `text` what a string stands for. */
export type Scalar = { json: string; text?: string };

export type ReaderOptions<Mask> = {
  root: Place<Mask>;
  /** The JSON that stands for a value under these masks, of which there is one at least. */
  become: (masks: readonly Mask[], value: Scalar) => string;
};

/** Reads one document, cut anywhere. */
export type Reader = {
  /** What of the bytes is certain, masked, and how many of them that were; the others must come again, with more behind them. `last`: there are no more. */
  read(bytes: Buffer, last: boolean): { piece: Piece; used: number };
  /** Whether the document has ended, so that nothing but white space may follow. */
  ended(): boolean;
};

// What may come next: values first, then names.
const value = 0;
const valueOrEnd = 1;
const key = 2;
const keyOrEnd = 3;
const separator = 4;
const nothing = 5;

const whitespace = new Uint8Array(256);
for (const mark of ' \t\n\r') whitespace[mark.charCodeAt(0)] = 1;

/** No detector recognises anything shorter; nor, without a digit or sign, anything shorter than the longer. */
const leastNotable = 6;
const leastPlain = 20;

/**
 * One pass over the bytes, without a tree: what no rule speaks of stays as it is, to the byte. Where something is replaced, only that is
 * made anew. Throws `answer-unreadable` at what is no JSON, and `too-large` beyond the levels of depth.
 */
export function createReader<Mask>({ root, become }: ReaderOptions<Mask>): Reader {
  const places: Place<Mask>[] = [root];
  /** Of each level, how many elements a list has so far; -1 for an object. */
  const counts = new Int32Array(mostLevels + 1);
  const met: Met = { traits: 0, escapes: false };
  let depth = 0;
  let expected = value;
  /** Where the value that comes next stands. */
  let here = root;

  function read(bytes: Buffer, last: boolean): { piece: Piece; used: number } {
    const end = bytes.length;
    const texts: number[] = [];
    const parts: Uint8Array[] = [];
    let done = 0;
    let moved = 0;
    let at = 0;

    function put(start: number, stop: number, json: string) {
      const made = Buffer.from(json);
      parts.push(bytes.subarray(done, start), made);
      done = stop;
      moved += made.length - (stop - start);
    }

    function note(start: number, stop: number) {
      if (isNotable(bytes, start, stop)) texts.push(start + moved, stop + moved);
    }

    /** A text of which masks or rewrites speak. Whether it was replaced. */
    function replace({ masks, rewrites }: Place<Mask>, start: number, stop: number): boolean {
      const text = textOf(bytes, start, stop, met.escapes);
      if (masks.length > 0) {
        put(start, stop, become(masks, { json: bytes.toString('utf8', start, stop), text }));
        return true;
      }
      const rewritten = rewrites.reduce((so, rewrite) => rewrite(so), text);
      if (rewritten === text) return false;
      const from = start + moved;
      put(start, stop, JSON.stringify(rewritten));
      texts.push(from, stop + moved);
      return true;
    }

    /** Names below a place whose texts are rewritten are texts, too. Whether this one was. */
    function rename({ rewrites }: Place<Mask>, start: number, stop: number): boolean {
      const text = textOf(bytes, start, stop, met.escapes);
      const renamed = rewrites.reduce((so, rewrite) => rewrite(so), text);
      if (renamed !== text) put(start, stop, JSON.stringify(renamed));
      return renamed !== text;
    }

    function mayBeNotable(length: number): boolean {
      if (length >= leastPlain) return true;
      return length >= leastNotable && (met.traits !== 0 || met.escapes);
    }

    /** By its bytes first: names are few, and come again and again. */
    function memberOf(place: Place<Mask>, start: number, stop: number): Place<Mask> {
      if (place.level) return place;
      if (!met.escapes && place.hints[hintOf(bytes[start + 1] as number, stop - start - 2)] === 0) return place.other();
      const known = place.named.get(bytes, start + 1, stop - 1);
      if (known !== undefined) return known;
      const member = place.member(textOf(bytes, start, stop, met.escapes));
      place.named.set(bytes, start + 1, stop - 1, member);
      return member;
    }

    /** With the rules that an object tells by itself; undefined where not all of it is there. */
    function peeked(place: Place<Mask>, start: number): Place<Mask> | undefined {
      let found = place;
      for (const { name, acts } of place.peeks) {
        const spans = peekInto(bytes, start, end, name);
        if (spans === undefined) return undefined;
        const isOne = place.peeks.length === 1 && spans.length === 2;
        const [from = 0, to = 0] = spans;
        const known = isOne ? place.peeked.get(bytes, from, to) : undefined;
        if (known !== undefined) return known;
        const said = textsOf(bytes, spans);
        found = acts.reduce((so, { choose }) => so.with(choose(said)), found);
        if (isOne) place.peeked.set(bytes, from, to, found);
      }
      return found;
    }

    function open(count: number) {
      if (depth === mostLevels)
        throw new Problem('too-large', { detail: `The target’s answer has more than ${mostLevels} levels.` });
      depth++;
      places[depth] = here;
      counts[depth] = count;
    }

    /** Adds the rules that a list tells by itself. Whether all of it is there. */
    function lookAhead(start: number): boolean {
      const { lists, learns } = here;
      if (lists.length === 0 && learns.length === 0) return true;
      const stop = endOfValue(bytes, start, end);
      if (stop === incomplete) return false;
      for (const learn of learns) {
        const above = places[depth];
        if (above !== undefined && depth > 0)
          places[depth] = above.with(learn.choose(bytes.toString('utf8', start, stop)));
      }
      for (const list of lists) here = here.with(list.choose(listTexts(bytes, start, stop)));
      return true;
    }

    while (at < end) {
      const byte = bytes[at] as number;
      if (byte === marks.quote && expected <= keyOrEnd) {
        const stop = endOfString(bytes, at, end, met);
        if (stop === incomplete) break;
        const isName = expected >= key;
        let after = stop;
        if (isName) {
          while (after < end && whitespace[bytes[after] as number] === 1) after++;
          if (after === end) break;
          if (bytes[after++] !== marks.colon) throw malformed();
          const place = places[depth] as Place<Mask>;
          here = memberOf(place, at, stop);
          const isRenamed = place.rewrites.length > 0 && rename(place, at, stop);
          if (!isRenamed && !place.quiet && mayBeNotable(stop - at - 2)) note(at, after);
          expected = value;
        } else {
          const isReplaced = here.touched && replace(here, at, stop);
          if (!isReplaced && !here.quiet && mayBeNotable(stop - at - 2)) note(at, stop);
          expected = depth === 0 ? nothing : separator;
        }
        at = after;
      } else if (byte === marks.comma && expected === separator) {
        const count = counts[depth] as number;
        if (count < 0) expected = key;
        else {
          counts[depth] = count + 1;
          here = (places[depth] as Place<Mask>).element(count + 1);
          expected = value;
        }
        at++;
      } else if (
        byte === ((counts[depth] as number) < 0 ? marks.closeObject : marks.closeArray) &&
        (expected === separator || expected === keyOrEnd || expected === valueOrEnd)
      ) {
        depth--;
        expected = depth === 0 ? nothing : separator;
        at++;
      } else if (byte === marks.openObject && expected <= valueOrEnd) {
        if (here.peeks.length > 0) {
          const found = peeked(here, at);
          if (found === undefined) break;
          here = found;
        }
        open(-1);
        expected = keyOrEnd;
        at++;
      } else if (byte === marks.openArray && expected <= valueOrEnd) {
        if (!lookAhead(at)) break;
        open(0);
        here = here.element(0);
        expected = valueOrEnd;
        at++;
      } else if (whitespace[byte] === 1) at++;
      else {
        if (expected > valueOrEnd) throw malformed();
        const stop = endOfScalar(bytes, at, end, last);
        if (stop === incomplete) break;
        if (here.masks.length > 0) put(at, stop, become(here.masks, { json: bytes.toString('latin1', at, stop) }));
        expected = depth === 0 ? nothing : separator;
        at = stop;
      }
    }
    if (last && (at < end || expected !== nothing)) throw malformed();
    if (!isUtf8(bytes.subarray(0, at))) throw malformed();
    const rest = bytes.subarray(done, at);
    return { piece: { bytes: parts.length === 0 ? rest : Buffer.concat([...parts, rest]), texts }, used: at };
  }

  return { read, ended: () => expected === nothing };
}
