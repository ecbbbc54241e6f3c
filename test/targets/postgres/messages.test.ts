import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import pg from 'pg';
import { expect, test } from 'vitest';
import { createMessages } from '../../../src/targets/postgres/session/messages.ts';

test.for([
  ['a statement', "SELECT 'é 🙂'"],
  ['a name', ''],
  ['', 'x'.repeat(100_000)],
])('a statement to be prepared is written as the driver would write it: %s', ([name = '', text = '']) => {
  const messages = createMessages();

  const bytes = messages.written(() => messages.parse({ name, text }));

  expect(bytes.equals(byDriver((driver) => driver.parse({ name, text, types: [] }, false)))).toBe(true);
});

test('portals are described, run and ended as the driver would do it', () => {
  const messages = createMessages();

  const bytes = messages.written(() => {
    messages.describe('answer');
    messages.execute('answer', 1001);
    messages.execute('', 0);
    messages.flush();
    messages.sync();
  });

  const expected = byDriver((driver) => {
    driver.describe({ type: 'P', name: 'answer' }, false);
    driver.execute({ portal: 'answer', rows: '1001' }, false);
    driver.execute({ portal: '', rows: '0' }, false);
    driver.flush();
    driver.sync();
  });
  expect(bytes).toEqual(expected);
});

test('what values are bound can be read back, whatever they are and however long', () => {
  const messages = createMessages();
  const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('é'.repeat(30_000)), fc.constant(null));

  fc.assert(
    fc.property(fc.array(text, { maxLength: 6 }), (values) => {
      const bytes = messages.written(() => messages.bind({ portal: 'p', statement: 's', values }));

      expect(bytes.readInt32BE(1)).toBe(bytes.length - 1);
      expect(bytes.toString('latin1', 0, 1) + bytes.toString('latin1', 5, 9)).toBe('Bp\0s\0');
      expect(bytes.readInt16BE(9)).toBe(0);
      expect(valuesAt(bytes, 11)).toEqual(values);
    }),
  );
});

test('what failed half-way leaves nothing to be sent by whoever comes next', () => {
  const messages = createMessages();
  const failing = () => {
    messages.execute('mine', 0);
    throw new Error('no');
  };

  expect(() => messages.written(failing)).toThrow('no');
  const next = messages.written(() => messages.sync());

  expect(next).toEqual(byDriver((driver) => driver.sync()));
});

/** What the driver's own connection sends. */
function byDriver(send: (driver: pg.Connection) => void): Buffer {
  const stream = new PassThrough();
  send(new pg.Connection({ stream: () => stream }));
  return stream.read();
}

function valuesAt(bytes: Buffer, from: number): (string | null)[] {
  let at = from + 2;
  const values = Array.from({ length: bytes.readInt16BE(from) }, () => {
    const length = bytes.readInt32BE(at);
    at += 4 + Math.max(0, length);
    return length < 0 ? null : bytes.toString('utf8', at - length, at);
  });
  // Results in text.
  expect([bytes.readInt16BE(at), at + 2]).toEqual([0, bytes.length]);
  return values;
}
