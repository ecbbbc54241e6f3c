/** Messages of the extended protocol (PostgreSQL's documentation, 54.7), written one after the other to be sent at once. All values are texts. */
export type Messages = {
  parse(statement: { name: string; text: string }): void;
  bind(values: { portal: string; statement: string; values: readonly (string | null)[] }): void;
  /** Of a portal. */
  describe(portal: string): void;
  /** No more than so many rows; 0 is all. */
  execute(portal: string, rows: number): void;
  flush(): void;
  sync(): void;
  /** What is written by this. Nothing is left of what was begun and failed. */
  written(write: () => void): Buffer;
};

const [parse, bind, describe, execute, flush, sync, ofPortal] = [...'PBDEHSP'].map((sign) => sign.charCodeAt(0));
/** Bytes of a message but for its texts. */
const most = 64;
const usual = 16 * 1024;

export function createMessages(): Messages {
  let bytes = Buffer.allocUnsafe(usual);
  let length = 0;

  const reserve = (more: number) => {
    if (length + more <= bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (length + more));
    bytes.copy(larger, 0, 0, length);
    bytes = larger;
  };
  const int16 = (value: number) => {
    length = bytes.writeUInt16BE(value, length);
  };
  const int32 = (value: number) => {
    length = bytes.writeInt32BE(value, length);
  };
  const text = (value: string) => {
    length += bytes.write(value, length);
    bytes[length++] = 0;
  };
  /** A type, and a length that counts itself but not the type. */
  const message = (type = 0, body?: () => void) => {
    reserve(most);
    const start = length;
    bytes[start] = type;
    length += 5;
    body?.();
    bytes.writeInt32BE(length - start - 1, start + 1);
  };
  const value = (one: string | null) => {
    if (one === null) return int32(-1);
    const start = length;
    length += 4;
    length += bytes.write(one, length);
    bytes.writeInt32BE(length - start - 4, start);
  };

  return {
    parse({ name, text: sql }) {
      reserve(most + 3 * (name.length + sql.length));
      message(parse, () => {
        text(name);
        text(sql);
        // Of no parameter is the type said.
        int16(0);
      });
    },
    bind({ portal, statement, values }) {
      const units = values.reduce((sum, one) => sum + 4 + 3 * (one?.length ?? 0), 0);
      reserve(most + 3 * (portal.length + statement.length) + units);
      message(bind, () => {
        text(portal);
        text(statement);
        // Without formats, parameters and results are texts.
        int16(0);
        int16(values.length);
        for (const one of values) value(one);
        int16(0);
      });
    },
    describe: (portal) =>
      message(describe, () => {
        bytes[length++] = ofPortal ?? 0;
        text(portal);
      }),
    execute: (portal, rows) =>
      message(execute, () => {
        text(portal);
        int32(rows);
      }),
    flush: () => message(flush),
    sync: () => message(sync),
    written(write) {
      // What was once long is not kept for good.
      if (bytes.length > usual) bytes = Buffer.allocUnsafe(usual);
      length = 0;
      write();
      return Buffer.from(bytes.subarray(0, length));
    },
  };
}
