/** The wire format of protocol buffers, as far as Kubernetes' envelope and the few messages that are read here need it. */
export type Field = { number: number; value: number | Uint8Array };

/** Before every object in Kubernetes' protobuf (k8s.io/apimachinery, `runtime.Unknown`). */
const magic = Buffer.from('k8s\0');

export type Envelope = { apiVersion: string; kind: string; raw: Uint8Array };

/** What an object in protobuf says it is, and its message; undefined for what is none. */
export function openEnvelope(body: Uint8Array): Envelope | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.subarray(0, 4).equals(magic)) return undefined;
  const fields = fieldsOf(bytes.subarray(4));
  if (fields === undefined) return undefined;
  const meta = fieldsOf(bytesIn(fields, 1));
  if (meta === undefined) return undefined;
  return { apiVersion: textIn(meta, 1), kind: textIn(meta, 2), raw: bytesIn(fields, 2) };
}

/** The fields of a message in order; undefined for what is none. Numbers beyond 2^53 and groups are not read. */
export function fieldsOf(bytes: Uint8Array): readonly Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number | undefined => {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < bytes.length) {
    const key = varint();
    if (key === undefined || key < 8) return undefined;
    const number = Math.floor(key / 8);
    const wire = key % 8;
    const value = wire === 0 || wire === 2 ? varint() : undefined;
    if (value === undefined) return undefined;
    if (wire === 2 && at + value > bytes.length) return undefined;
    fields.push({ number, value: wire === 0 ? value : bytes.subarray(at, at + value) });
    if (wire === 2) at += value;
  }
  return fields;
}

/** Of several, the last counts, as everywhere in protocol buffers. Empty where there is none. */
export function bytesIn(fields: readonly Field[], number: number): Uint8Array {
  const value = fields.findLast((field) => field.number === number)?.value;
  return value instanceof Uint8Array ? value : new Uint8Array();
}

export const textIn = (fields: readonly Field[], number: number): string =>
  Buffer.from(bytesIn(fields, number)).toString('utf8');

export function numberIn(fields: readonly Field[], number: number): number | undefined {
  const value = fields.findLast((field) => field.number === number)?.value;
  return typeof value === 'number' ? value : undefined;
}
