import type { Json, JsonObject } from './json.ts';
import { textAt } from './json.ts';
import { messages } from './protobuf-kinds.ts';
import { badRequest, unsupportedMedia } from './status.ts';

const ENVELOPE = Buffer.from('k8s\0');

/**
 * An object out of `application/vnd.kubernetes.protobuf`: four bytes, then `runtime.Unknown` around the kind. Throws a 415 for kinds
 * and fields that are not listed, so that nothing is lost in silence.
 */
export function readProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, 4).equals(ENVELOPE)) throw badRequest('the protobuf body does not begin with k8s');
  const { typeMeta = {}, raw = '' } = decode('Unknown', body.subarray(4));
  const kind = textAt(typeMeta, 'kind');
  const object = decode(kind, Buffer.from(typeof raw === 'string' ? raw : '', 'base64'));
  return { kind, apiVersion: textAt(typeMeta, 'apiVersion'), ...object };
}

function decode(message: string, bytes: Buffer): JsonObject {
  const fields = Object.hasOwn(messages, message) ? messages[message] : undefined;
  if (fields === undefined) throw unsupportedMedia(`application/json (protobuf of ${message} is not understood here)`);
  const object: JsonObject = {};
  for (const { number, value } of fieldsIn(bytes)) {
    const [name = '', type = ''] = fields[number]?.split(':') ?? [];
    // What is empty is written too, whether or not it was given.
    const isEmpty = value.length === 0;
    if (name === '') {
      if (isNothing(value)) continue;
      throw unsupportedMedia(`application/json (protobuf field ${number} of ${message} is not understood here)`);
    }
    if (type.startsWith('[]')) object[name] = [...((object[name] ?? []) as Json[]), decoded(type.slice(2), value)];
    else if (type.startsWith('{}'))
      object[name] = { ...((object[name] ?? {}) as JsonObject), ...entryOf(type.slice(2), value) };
    else if (!isEmpty && !(isZero(value) && type !== 'count')) object[name] = decoded(type, value);
    else if (type === 'Time') object[name] = null;
  }
  return object;
}

/** A message that holds only messages that hold nothing: Go writes what was never set, too. */
function isNothing(value: Buffer): boolean {
  if (value.length === 0 || isZero(value)) return true;
  try {
    return [...fieldsIn(value)].every((field) => isNothing(field.value));
  } catch {
    return false;
  }
}

/** Varints stand as the bytes of a text of digits, so that one type holds all. */
function isZero(value: Buffer): boolean {
  return value.length === 1 && value[0] === 0x30;
}

function decoded(type: string, value: Buffer): Json {
  switch (type) {
    case 'text':
      return value.toString();
    case 'bytes':
      return value.toString('base64');
    case 'int':
    case 'count':
      return Number(value.toString());
    case 'bool':
      return value.toString() === '1';
    case 'Time':
      return value.length === 0 ? null : new Date(Number(decode('Time', value)['seconds'] ?? 0) * 1000).toISOString();
    case 'IntOrString': {
      const { type: isText, number = 0, text = '' } = decode(type, value);
      return isText === 1 ? text : number;
    }
    default:
      return decode(type, value);
  }
}

function entryOf(type: string, bytes: Buffer): JsonObject {
  let key = '';
  let value: Json = '';
  for (const field of fieldsIn(bytes)) {
    if (field.number === 1) key = field.value.toString();
    else value = decoded(type, field.value);
  }
  return { [key]: value };
}

function* fieldsIn(bytes: Buffer): Generator<{ number: number; value: Buffer }> {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined || shift > 63n) throw badRequest('the protobuf body is cut short');
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    if (wire === 0) yield { number: tag >> 3, value: Buffer.from(String(varint())) };
    else if (wire === 2) {
      const end = Number(varint()) + at;
      if (end > bytes.length) throw badRequest('the protobuf body is cut short');
      yield { number: tag >> 3, value: bytes.subarray(at, end) };
      at = end;
    } else throw badRequest(`the protobuf body holds a field of wire type ${wire}`);
  }
}
