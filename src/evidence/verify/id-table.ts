/** Numbers (32 bits) under the name of a pair of text, told apart by 64 bits of hash: a few bytes for each, however long. */
export type IdTable = {
  /** False where the pair is there already; it keeps its numbers. Of ten million, two are mistaken for each other with a chance of 1 in 370,000. */
  add(id: string, kind: string, numbers?: readonly number[]): boolean;
  /** The numbers, as they are kept: what is changed in them stays changed. */
  get(id: string, kind: string): Uint32Array | undefined;
  all(): Iterable<Uint32Array>;
};

/** `width`: how many numbers each holds. It takes 12 to 24 bytes for each pair, and as much again for two numbers. */
export function createIdTable(width = 0): IdTable {
  const stride = 2 + width;
  let slots = new Uint32Array(stride * 1024);
  let size = 0;

  /** Where the pair is, or would be. */
  function find(table: Uint32Array, high: number, low: number): number {
    const mask = table.length / stride - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = slot * stride;
      if (table[at + 1] === 0 || (table[at] === high && table[at + 1] === low)) return at;
    }
  }

  function grow() {
    const larger = new Uint32Array(slots.length * 2);
    for (let at = 0; at < slots.length; at += stride) {
      const [high = 0, low = 0] = [slots[at], slots[at + 1]];
      if (low !== 0) larger.set(slots.subarray(at, at + stride), find(larger, high, low));
    }
    slots = larger;
  }

  return {
    add(id, kind, numbers = []) {
      const [high, low] = hashOf(id, kind);
      const at = find(slots, high, low);
      if (slots[at + 1] !== 0) return false;
      slots.set([high, low, ...numbers], at);
      if (++size * 3 > (slots.length / stride) * 2) grow();
      return true;
    },
    get(id, kind) {
      const [high, low] = hashOf(id, kind);
      const at = find(slots, high, low);
      return slots[at + 1] === 0 ? undefined : slots.subarray(at + 2, at + stride);
    },
    *all() {
      for (let at = 0; at < slots.length; at += stride)
        if (slots[at + 1] !== 0) yield slots.subarray(at + 2, at + stride);
    },
  };
}

/** Two 32-bit hashes by multiplication (FNV-1a and its like with another prime), each finished by mixing. The second is never 0. */
function hashOf(id: string, kind: string): [number, number] {
  let [one, other] = [0x811c9dc5, 0x9747b28c];
  for (const text of [id, kind])
    for (let index = 0; index <= text.length; index++) {
      const code = index === text.length ? 0xffff : text.charCodeAt(index);
      one = Math.imul(one ^ code, 0x01000193);
      other = Math.imul(other ^ code, 0x85ebca6b);
      other ^= other >>> 15;
    }
  return [mixed(one), mixed(other) || 1];
}

function mixed(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
  return (half ^ (half >>> 13)) >>> 0;
}
