import fc from 'fast-check';
import { protobufMinimal } from 'google-gax';
import { expect, test } from 'vitest';
import { createMessageWriter, readMessage } from '../../src/platform/protobuf.ts';

const { Reader, Writer } = protobufMinimal;
/** `number << 3 | wire type`, of fields of every wire type in use. */
const tags = {
  integer: 8,
  double: 17,
  text: 26,
  bytes: 34,
  message: 42,
  far: (2000 << 3) | 2,
  fixed: (7 << 3) | 5,
} as const;
const writer = createMessageWriter();

test('a message that is written here reads the same with protobuf.js', () => {
  const anInteger = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -300, max: 300 }));
  const aText = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 40 }));
  const aField = fc.record({ integer: anInteger, double: fc.double(), text: aText, bytes: fc.uint8Array() });

  fc.assert(
    fc.property(fc.array(aField, { maxLength: 4 }), (fields) => {
      const bytes = writer.written(() => {
        for (const { integer, double, text, bytes } of fields) {
          const message = writer.open(tags.message);
          writer.integer(tags.integer, integer);
          writer.double(tags.double, double);
          writer.text(tags.text, text);
          writer.bytes(tags.bytes, bytes);
          writer.close(message);
        }
      });

      const reader = Reader.create(bytes);
      const read: unknown[] = [];
      while (reader.pos < reader.len) {
        read.push(reader.uint32(), reader.uint32() + reader.pos, reader.uint32(), Number(reader.int64()));
        read.push(reader.uint32(), reader.double(), reader.uint32(), reader.string());
        read.push(reader.uint32(), [...reader.bytes()], reader.pos);
      }
      const ends = read.filter((_, index) => index % 11 === 10);
      const expected = fields.flatMap(({ integer, double, text, bytes }, index) => [
        ...[tags.message, ends[index], tags.integer, integer, tags.double, double],
        ...[tags.text, text.toWellFormed(), tags.bytes, [...bytes], ends[index]],
      ]);
      expect(read).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test.for([0, 1, 23, 24, 25, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])(
  'a text of %d characters, within messages, is written whole and with the shortest lengths',
  (length) => {
    const text = 'é'.repeat(Math.floor(length / 2)) + 'x'.repeat(length % 2);

    const bytes = writer.written(() => {
      const outer = writer.open(tags.message);
      const inner = writer.open(tags.far);
      writer.text(tags.text, text);
      writer.close(inner);
      writer.close(outer);
    });

    const expected = Writer.create().uint32(tags.message).fork().uint32(tags.far).fork().uint32(tags.text).string(text);
    expect(bytes.equals(expected.ldelim().ldelim().finish())).toBe(true);
  },
);

test('what was begun and failed is not part of the next message', () => {
  const failing = () =>
    writer.written(() => {
      writer.text(tags.text, 'begun');
      throw new TypeError('It cannot be written.');
    });

  expect(failing).toThrow(TypeError);
  const next = writer.written(() => writer.integer(tags.integer, 1));

  expect([...next]).toEqual([tags.integer, 1]);
});

test('fields that nobody asks for are passed over, whatever their type', () => {
  const other = Writer.create()
    .uint32(tags.double)
    .double(1)
    .uint32(tags.fixed)
    .fixed32(1)
    .uint32(tags.text)
    .string('x');
  const bytes = other.uint32(tags.message).fork().uint32(tags.integer).int64(1_795_401_223).ldelim().finish();
  const reader = readMessage(bytes);
  const read: number[] = [];

  reader.each((tag) => {
    if (tag !== tags.message) return false;
    reader.eachWithin(() => read.push(reader.integer()) > 0);
    return true;
  });

  expect(read).toEqual([1_795_401_223]);
});

test('a message that is cut off anywhere is refused, and never read as a shorter one', () => {
  const inner = Writer.create().uint32(tags.message).fork().uint32(tags.integer).int64(300);
  const bytes = inner.uint32(tags.text).string('text').ldelim().finish();
  const readAll = (some: Uint8Array) => {
    const reader = readMessage(some);
    reader.each((tag) => {
      if (tag === tags.message) reader.eachWithin((field) => field === tags.integer && reader.integer() > 0);
      return tag === tags.message;
    });
  };

  for (let end = 1; end < bytes.length; end++) expect(() => readAll(bytes.subarray(0, end))).toThrow(RangeError);
  expect(() => readAll(bytes)).not.toThrow();
});
