/** Pairs of text, told apart by 64 bits of hash: 12 to 24 bytes for each, however long. */
export type IdSet = {
  /** False where the pair is there already. Of ten million, two are mistaken for each other with a chance of 1 in 370,000. */
  add(id: string, kind: string): boolean;
  has(id: string, kind: string): boolean;
};

export function createIdSet(): IdSet {
  let slots = new Uint32Array(2 * 1024);
  let size = 0;

  /** Where the pair is, or would be. */
  function find(table: Uint32Array, high: number, low: number): number {
    const mask = table.length / 2 - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const [one, other] = [table[2 * slot], table[2 * slot + 1]];
      if ((one === high && other === low) || (one === 0 && other === 0)) return 2 * slot;
    }
  }

  function grow() {
    const larger = new Uint32Array(slots.length * 2);
    for (let index = 0; index < slots.length; index += 2) {
      const [high = 0, low = 0] = [slots[index], slots[index + 1]];
      if (high === 0 && low === 0) continue;
      const place = find(larger, high, low);
      larger[place] = high;
      larger[place + 1] = low;
    }
    slots = larger;
  }

  return {
    has(id, kind) {
      const [high, low] = hashOf(id, kind);
      const place = find(slots, high, low);
      return slots[place] !== 0 || slots[place + 1] !== 0;
    },
    add(id, kind) {
      const [high, low] = hashOf(id, kind);
      const place = find(slots, high, low);
      if (slots[place] !== 0 || slots[place + 1] !== 0) return false;
      slots[place] = high;
      slots[place + 1] = low;
      if (++size * 3 > slots.length) grow();
      return true;
    },
  };
}

/** Two 32-bit hashes by multiplication (FNV-1a and its like with another prime), each finished by mixing. Never both 0. */
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
