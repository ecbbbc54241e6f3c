/** JSON as it is written: its bytes, and where in them stand values that may hold text. */
export type Written = {
  add(text: string): void;
  /** A value that detectors are to look at. */
  addText(json: string): void;
  /** Bytes so far. */
  size(): number;
  take(): { bytes: Buffer; texts: number[] };
  /** Takes back all that is written from here on. */
  mark(): () => void;
};

export function createWritten(): Written {
  let pieces: string[] = [];
  let texts: number[] = [];
  let size = 0;
  const add = (text: string) => {
    pieces.push(text);
    size += Buffer.byteLength(text);
  };
  return {
    add,
    addText(json) {
      texts.push(size);
      add(json);
      texts.push(size);
    },
    size: () => size,
    mark() {
      const before = { pieces: pieces.length, texts: texts.length, size };
      return () => {
        pieces.length = before.pieces;
        texts.length = before.texts;
        size = before.size;
      };
    },
    take() {
      const taken = { bytes: Buffer.from(pieces.join('')), texts };
      pieces = [];
      texts = [];
      size = 0;
      return taken;
    },
  };
}

const textless = new Set([
  ...['INT64', 'FLOAT64', 'NUMERIC', 'BIGNUMERIC', 'BOOL', 'DATE', 'DATETIME', 'TIME', 'TIMESTAMP', 'INTERVAL'],
  ...['RANGE', 'GEOGRAPHY'],
]);

/** Whether values of a type may hold text. The digits of one that cannot are never mistaken for a card or a telephone number. */
export const mayHoldText = (type: string) => !textless.has(type);
