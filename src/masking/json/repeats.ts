import type { Place } from './places.ts';

/** What an object or list became: its bytes, and where in them texts stand for the detectors. `made` is undefined where it stayed as it was. */
export type Became = { made: Buffer | undefined; texts: readonly number[] };

type Repeat<Mask> = Became & { place: Place<Mask>; depth: number; bytes: Buffer };

/** Bytes of a document that are read before anything is remembered, as a short one does not repay it; of what is remembered, at least and most. */
const patience = 64 * 1024;
const least = 48;
const most = 16 * 1024;

/** A power of two. What comes to the same slot takes its place. */
const slots = 256;
/** Values in a slot that were other ones before it is left alone, beside as many as were the same. */
const mostMisses = 8;

const nowhere = new Int16Array(slots);

export type Repeats<Mask> = ReturnType<typeof createRepeats<Mask>>;

/**
 * Objects and lists of one document that come again byte by byte, as those of Pods of one kind do: at the same place, and so under the same rules, the same
 * becomes of them. They need not be read again.
 */
export function createRepeats<Mask>() {
  let read = 0;
  let known: (Repeat<Mask> | undefined)[] | undefined;
  let missed = nowhere;

  /** By its first bytes: what stands at one place may be of several kinds. */
  function slotOf(place: Place<Mask>, bytes: Buffer, start: number): number {
    let hash = place.number;
    const end = Math.min(start + 12, bytes.length);
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    return (hash ^ (hash >>> 9)) & (slots - 1);
  }

  return {
    /** So many bytes of the document were read. */
    passed(bytes: number) {
      read += bytes;
      if (known !== undefined || read < patience) return;
      known = new Array(slots);
      missed = new Int16Array(slots);
    },

    /** What begins there, if it came before. */
    find(place: Place<Mask>, depth: number, bytes: Buffer, start: number): Repeat<Mask> | undefined {
      if (known === undefined) return undefined;
      const slot = slotOf(place, bytes, start);
      const repeat = known[slot];
      if (repeat === undefined || (missed[slot] as number) > mostMisses) return undefined;
      const end = start + repeat.bytes.length;
      const isSame =
        repeat.place === place &&
        repeat.depth === depth &&
        end <= bytes.length &&
        bytes.compare(repeat.bytes, 0, repeat.bytes.length, start, end) === 0;
      missed[slot] = (missed[slot] as number) + (isSame ? -1 : 1);
      return isSame ? repeat : undefined;
    },

    /** Whether to remember what ends there. */
    wants(place: Place<Mask>, bytes: Buffer, start: number, end: number): boolean {
      const size = end - start;
      return (
        known !== undefined &&
        size >= least &&
        size <= most &&
        (missed[slotOf(place, bytes, start)] as number) <= mostMisses
      );
    },

    keep(place: Place<Mask>, depth: number, bytes: Buffer, start: number, end: number, became: Became) {
      if (known === undefined) return;
      // A copy: a view would hold all of the chunk in memory.
      const copy = Buffer.from(bytes.subarray(start, end));
      known[slotOf(place, bytes, start)] = { ...became, place, depth, bytes: copy };
    },
  };
}
