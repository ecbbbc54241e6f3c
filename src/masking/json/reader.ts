import { isUtf8 } from 'node:buffer';
import { Problem } from '../../model/problem.ts';
import type { Piece } from '../../model/result.ts';
import { isNotable } from '../notable.ts';
import { endOfValue, listTexts, peekInto } from './peek.ts';
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

// What may come next.
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

    function string(start: number, stop: number) {
      if (here.masks.length > 0) {
        const text = textOf(bytes, start, stop, met.escapes);
        return put(start, stop, become(here.masks, { json: bytes.toString('utf8', start, stop), text }));
      }
      if (here.rewrites.length > 0) {
        const text = textOf(bytes, start, stop, met.escapes);
        const rewritten = here.rewrites.reduce((so, rewrite) => rewrite(so), text);
        if (rewritten !== text) {
          const from = start + moved;
          put(start, stop, JSON.stringify(rewritten));
          texts.push(from, stop + moved);
          return;
        }
      }
      if (!here.quiet && mayBeNotable(stop - start - 2)) note(start, stop);
    }

    function mayBeNotable(length: number): boolean {
      if (length >= leastPlain) return true;
      return met.traits !== 0 || met.escapes ? length >= leastNotable : false;
    }

    /** Names below a place whose texts are rewritten are texts, too. Whether this one was. */
    function isRenamed(place: Place<Mask>, start: number, stop: number): boolean {
      if (place.rewrites.length === 0) return false;
      const text = textOf(bytes, start, stop, met.escapes);
      const renamed = place.rewrites.reduce((so, rewrite) => rewrite(so), text);
      if (renamed !== text) put(start, stop, JSON.stringify(renamed));
      return renamed !== text;
    }

    /** By its bytes first: names are few, and come again and again. */
    function memberOf(place: Place<Mask>, start: number, stop: number): Place<Mask> {
      const known = place.known(bytes, start + 1, stop - 1);
      if (known !== undefined) return known;
      const member = place.member(textOf(bytes, start, stop, met.escapes));
      place.learn(bytes, start + 1, stop - 1, member);
      return member;
    }

    /** The index after the colon. */
    function name(start: number): number {
      const stop = endOfString(bytes, start, end, met);
      if (stop === incomplete) return incomplete;
      let colon = stop;
      while (colon < end && whitespace[bytes[colon] as number] === 1) colon++;
      if (colon === end) return incomplete;
      if (bytes[colon] !== marks.colon) throw malformed();
      const place = places[depth] as Place<Mask>;
      if (place.level) here = place;
      else if (!met.escapes && place.hints[hintOf(bytes[start + 1] as number, stop - start - 2)] === 0)
        here = place.other();
      else here = memberOf(place, start, stop);
      if (!isRenamed(place, start, stop) && !place.quiet && mayBeNotable(stop - start - 2)) note(start, colon + 1);
      return colon + 1;
    }

    function open(count: number) {
      if (depth === mostLevels)
        throw new Problem('too-large', { detail: `The target’s answer has more than ${mostLevels} levels.` });
      depth++;
      places[depth] = here;
      counts[depth] = count;
    }

    function close() {
      depth--;
      expected = depth === 0 ? nothing : separator;
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

    /** The index after the value, or after the bracket that opens it. */
    function begin(start: number): number {
      const byte = bytes[start];
      if (byte === marks.quote) {
        const stop = endOfString(bytes, start, end, met);
        if (stop === incomplete) return incomplete;
        string(start, stop);
        expected = depth === 0 ? nothing : separator;
        return stop;
      }
      if (byte === marks.openObject) {
        for (const peek of here.peeks) {
          const found = peekInto(bytes, start, end, peek.name);
          if (found === undefined) return incomplete;
          here = here.with(peek.choose(found));
        }
        open(-1);
        expected = keyOrEnd;
        return start + 1;
      }
      if (byte === marks.openArray) {
        if (!lookAhead(start)) return incomplete;
        open(0);
        here = here.element(0);
        expected = valueOrEnd;
        return start + 1;
      }
      const stop = endOfScalar(bytes, start, end, last);
      if (stop === incomplete) return incomplete;
      if (here.masks.length > 0) put(start, stop, become(here.masks, { json: bytes.toString('latin1', start, stop) }));
      expected = depth === 0 ? nothing : separator;
      return stop;
    }

    /** The index after the comma or bracket. */
    function separate(start: number): number {
      const byte = bytes[start];
      const count = counts[depth] as number;
      if (byte === marks.comma) {
        if (count < 0) expected = key;
        else {
          counts[depth] = count + 1;
          here = (places[depth] as Place<Mask>).element(count + 1);
          expected = value;
        }
      } else if (byte === (count < 0 ? marks.closeObject : marks.closeArray)) close();
      else throw malformed();
      return start + 1;
    }

    while (at < end) {
      const byte = bytes[at] as number;
      if (whitespace[byte] === 1) {
        at++;
        continue;
      }
      let next: number;
      if (expected === separator) next = separate(at);
      else if (expected === key || expected === keyOrEnd) {
        if (byte === marks.quote) {
          next = name(at);
          if (next !== incomplete) expected = value;
        } else if (byte === marks.closeObject && expected === keyOrEnd) {
          close();
          next = at + 1;
        } else throw malformed();
      } else if (expected === nothing) throw malformed();
      else if (byte === marks.closeArray && expected === valueOrEnd) {
        close();
        next = at + 1;
      } else next = begin(at);
      if (next === incomplete) break;
      at = next;
    }
    if (last && (at < end || expected !== nothing)) throw malformed();
    if (!isUtf8(bytes.subarray(0, at))) throw malformed();
    const rest = bytes.subarray(done, at);
    return { piece: { bytes: parts.length === 0 ? rest : Buffer.concat([...parts, rest]), texts }, used: at };
  }

  return { read, ended: () => expected === nothing };
}
