import { isUtf8 } from 'node:buffer';
import type { Piece } from '../../model/result.ts';
import { isNotable } from '../notable.ts';
import { endOfValue, listTexts, peekInto, textsOf } from './peek.ts';
import { hintOf, type Place } from './places.ts';
import { type Became, createRepeats } from './repeats.ts';
import { createSilent } from './silent.ts';
import {
  endOfScalar,
  endOfString,
  incomplete,
  isSpace,
  key,
  keyOrEnd,
  type Met,
  malformed,
  marks,
  mostLevels,
  nothing,
  separator,
  textOf,
  tooDeep,
  value,
  valueOrEnd,
} from './syntax.ts';

/** A value as it stands in a document: `json` is its bytes, `text` what a string stands for. */
export type Scalar = { json: string; text?: string };

export type ReaderOptions<Mask> = {
  root: Place<Mask>;
  /** The JSON that stands for a value under these masks, of which there is one at least. */
  become: (masks: readonly Mask[], value: Scalar) => string;
  /** Whether `become` makes the same of the same, and does nothing else: what comes again is then not read again. */
  pure: boolean;
};

/** An object or list that has begun: where it did in the bytes at hand, -1 in others, and what had become of them until there. */
type Opened<Mask> = { place: Place<Mask>; start: number; parts: number; texts: number; done: number; moved: number };

/** Reads one document, cut anywhere. */
export type Reader = {
  /** What of the bytes is certain, masked, and how many of them that were; the others must come again, with more behind them. `last`: there are no more. */
  read(bytes: Buffer, last: boolean): { piece: Piece; used: number };
  /** Whether the document has ended, so that nothing but white space may follow. */
  ended(): boolean;
};

/** No detector recognises anything shorter; nor, without a digit or sign, anything shorter than the longer. */
const leastNotable = 6;
const leastPlain = 20;

/**
 * One pass over the bytes, without a tree: what no rule speaks of stays as it is, to the byte. Where something is replaced, only that is
 * made anew. Throws `answer-unreadable` at what is no JSON, and `too-large` beyond the levels of depth.
 */
export function createReader<Mask>({ root, become, pure }: ReaderOptions<Mask>): Reader {
  const places: Place<Mask>[] = [root];
  /** Of each level, how many elements a list has so far; -1 for an object. */
  const counts = new Int32Array(mostLevels + 1);
  const opened: Opened<Mask>[] = [];
  const met: Met = { traits: 0, escapes: false };
  const repeats = pure ? createRepeats<Mask>() : undefined;
  const silent = createSilent(repeats);
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
    repeats?.passed(end);
    for (const one of opened) one.start = -1;

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

    /** `place`: where it stands, before what it told of itself. */
    function open(count: number, place: Place<Mask>) {
      if (depth === mostLevels) throw tooDeep();
      depth++;
      places[depth] = here;
      counts[depth] = count;
      if (repeats === undefined) return;
      const one = opened[depth - 1] ?? { place, start: -1, parts: 0, texts: 0, done: 0, moved: 0 };
      opened[depth - 1] = one;
      one.place = place;
      one.start = at;
      one.parts = parts.length;
      one.texts = texts.length;
      one.done = done;
      one.moved = moved;
    }

    /** What becomes of it if it comes again. */
    function keep(stop: number) {
      const one = opened[depth - 1];
      if (one === undefined || one.start < 0 || one.place.learns.length > 0) return;
      if (repeats?.wants(one.place, bytes, one.start, stop) === true)
        repeats.keep(one.place, depth - 1, bytes, one.start, stop, becameOf(one, stop));
    }

    function becameOf(one: Opened<Mask>, stop: number): Became {
      const from = one.start + one.moved;
      const [first, ...more] = parts.slice(one.parts);
      const made =
        first === undefined
          ? undefined
          : Buffer.concat([first.subarray(one.start - one.done), ...more, bytes.subarray(done, stop)]);
      return { made, texts: texts.slice(one.texts).map((place) => place - from) };
    }

    /** Whether the object or list that begins there came before: it becomes then what it became. */
    function repeat(): boolean {
      const known = here.learns.length === 0 ? repeats?.find(here, depth, bytes, at) : undefined;
      if (known === undefined) return false;
      const from = at + moved;
      for (const place of known.texts) texts.push(from + place);
      const stop = at + known.bytes.length;
      if (known.made !== undefined) {
        parts.push(bytes.subarray(done, at), known.made);
        moved += known.made.length - known.bytes.length;
        done = stop;
      }
      at = stop;
      return true;
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
      if (silent.goesOn()) {
        at = silent.pass(bytes, at, end, last);
        if (silent.goesOn()) break;
        expected = depth === 0 ? nothing : separator;
        continue;
      }
      const byte = bytes[at] as number;
      if (byte === marks.quote && expected <= keyOrEnd) {
        const stop = endOfString(bytes, at, end, met);
        if (stop === incomplete) break;
        const isName = expected >= key;
        let after = stop;
        if (isName) {
          while (after < end && isSpace[bytes[after] as number] === 1) after++;
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
        at++;
        keep(at);
        depth--;
        expected = depth === 0 ? nothing : separator;
      } else if ((byte === marks.openObject || byte === marks.openArray) && expected <= valueOrEnd && here.silent) {
        silent.begin(here, depth);
      } else if ((byte === marks.openObject || byte === marks.openArray) && expected <= valueOrEnd && repeat()) {
        expected = depth === 0 ? nothing : separator;
      } else if (byte === marks.openObject && expected <= valueOrEnd) {
        const place = here;
        if (here.peeks.length > 0) {
          const found = peeked(here, at);
          if (found === undefined) break;
          here = found;
        }
        open(-1, place);
        expected = keyOrEnd;
        at++;
      } else if (byte === marks.openArray && expected <= valueOrEnd) {
        const place = here;
        if (!lookAhead(at)) break;
        open(0, place);
        here = here.element(0);
        expected = valueOrEnd;
        at++;
      } else if (isSpace[byte] === 1) at++;
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
