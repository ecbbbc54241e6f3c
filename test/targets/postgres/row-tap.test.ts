import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mostRow, type Tap, tapRows } from '../../../src/targets/postgres/session/row-tap.ts';

/** A message of PostgreSQL's protocol; `D` is a row. */
function message(type: string, body: string): Buffer {
  const bytes = Buffer.alloc(5 + body.length);
  bytes.write(type, 0, 'latin1');
  bytes.writeUInt32BE(4 + body.length, 1);
  bytes.write(body, 5, 'latin1');
  return bytes;
}

/** A session's socket and what its driver and the sink are handed. `T` sets the sink, as a description of rows does, and `C` takes it away. */
function aSession() {
  const stream = Object.assign(new EventEmitter(), { pause: () => {}, resume: () => {} });
  const passed: Buffer[] = [];
  const rows: string[] = [];
  let skipped = 0;
  let tap: Tap | undefined;
  const sink = {
    take: (bytes: Buffer, start: number, end: number) => void rows.push(bytes.toString('latin1', start, end)),
    skip: () => void skipped++,
  };
  stream.on('data', (bytes: Buffer) => {
    passed.push(bytes);
    if (tap !== undefined && bytes.includes('T')) tap.sink = sink;
    if (tap !== undefined && bytes.includes('C')) tap.sink = undefined;
  });
  tap = tapRows(stream);
  return { send: (bytes: Buffer) => stream.emit('data', bytes), passed, rows, skipped: () => skipped };
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b);
  return [...cuts, bytes.length].map((end, index) => bytes.subarray(cuts[index - 1] ?? 0, end));
}

test('wherever the bytes are cut, rows go to the sink and all else to the driver, each in its order', () => {
  const rest = [message('1', ''), message('D', 'of the driver'), message('T', 'about')];
  const end = [message('C', 'SELECT 3'), message('D', 'of the driver again'), message('Z', 'I')];
  const rows = ['first', '', 'x'.repeat(300)];
  const all = Buffer.concat([...rest, ...rows.map((row) => message('D', row)), ...end]);

  fc.assert(
    fc.property(fc.array(fc.nat()), (places) => {
      const session = aSession();

      for (const chunk of cutAt(all, places)) session.send(chunk);

      expect(session.rows).toEqual(rows);
      expect(Buffer.concat(session.passed)).toEqual(Buffer.concat([...rest, ...end]));
    }),
    { numRuns: 500 },
  );
});

test('a row that is too long is known by its first bytes, and none of the others is kept', () => {
  const session = aSession();
  const header = Buffer.from('D0000', 'latin1');
  header.writeUInt32BE(mostRow + 5, 1);
  session.send(message('T', 'about'));

  session.send(header);

  expect(session.skipped()).toBe(1);
  const chunk = Buffer.alloc(1024 * 1024);
  for (let sent = 0; sent < mostRow; sent += chunk.length) session.send(chunk);
  session.send(Buffer.concat([Buffer.alloc(1), message('D', 'the next'), message('C', 'SELECT 2')]));
  expect(session.rows).toEqual(['the next']);
  expect(session.skipped()).toBe(1);
});

test('a socket that is not as the driver makes it is refused', () => {
  const stream = Object.assign(new EventEmitter(), { pause: () => {}, resume: () => {} });

  expect(() => tapRows(stream)).toThrow('The driver is not the one');
});
