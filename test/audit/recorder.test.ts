import { describe, expect, test } from 'vitest';
import { createRecorder, type Recording } from '../../src/audit/recorder.ts';
import { sha256 } from '../../src/model/canonical.ts';

const columns = [{ name: 'id', type: 'int4' }];
const head = `${JSON.stringify({ columns })}\n`;

function recorded(limit: number, ...batches: string[]): Recording {
  const recorder = createRecorder(limit);
  recorder.begin({ columns });
  for (const batch of batches) recorder.add(Buffer.from(batch));
  const recording = recorder.take();
  if (recording === undefined) throw new Error('Nothing was recorded.');
  return recording;
}

const textOf = ({ chunks }: Recording) => chunks.map(({ content }) => content).join('');

describe('a recording', () => {
  test('holds the columns and every row, and its hash is that of all of it', () => {
    const { summary, chunks } = recorded(1000, '[1]\n[2]\n', '[3]\n');

    const text = `${head}[1]\n[2]\n[3]\n`;
    expect(chunks).toMatchObject([{ content: Buffer.from(text), sha256: sha256(text) }]);
    expect(summary).toEqual({ chunks: 1, bytes: text.length, sha256: sha256(text), truncated: false });
  });

  test('is of no bytes where a change returned nothing', () => {
    const recorder = createRecorder(1000);
    recorder.begin(undefined);

    expect(recorder.take()?.summary).toEqual({ chunks: 0, bytes: 0, sha256: sha256(''), truncated: false });
  });

  test('is not there where nothing was answered', () => {
    expect(createRecorder(1000).take()).toBeUndefined();
  });

  test('ends with a whole line at its limit, and takes no more', () => {
    const recording = recorded(head.length + 9, '[1]\n[2]\n[3]\n', '[4]\n');

    expect(textOf(recording)).toBe(`${head}[1]\n[2]\n`);
    expect(recording.summary).toMatchObject({ bytes: head.length + 8, truncated: true });
  });

  test('holds none of a row that is longer than its limit', () => {
    const recording = recorded(head.length + 100, `["${'x'.repeat(200)}"]\n`);

    expect(textOf(recording)).toBe(head);
    expect(recording.summary.truncated).toBe(true);
  });

  test('comes in chunks of at most 512 KiB that end with a line', () => {
    const row = `["${'x'.repeat(997)}"]\n`;

    const recording = recorded(1024 * 1024, ...Array.from({ length: 10 }, () => row.repeat(100)));

    expect(recording.summary.chunks).toBe(2);
    for (const { content, sha256: hash } of recording.chunks) {
      expect(Buffer.byteLength(content)).toBeLessThanOrEqual(512 * 1024);
      expect(content.at(-1)).toBe(0x0a);
      expect(hash).toBe(sha256(content));
    }
    expect(textOf(recording)).toBe(head + row.repeat(1000));
    expect(recording.summary.sha256).toBe(sha256(textOf(recording)));
  });

  test('cuts no character where a line is longer than a chunk', () => {
    const row = `["a${'😀'.repeat(200_000)}"]\n`;

    const recording = recorded(1024 * 1024, '[0]\n', row, '[9]\n');

    expect(textOf(recording)).toBe(`${head}[0]\n${row}[9]\n`);
    expect(recording.chunks.length).toBeGreaterThan(1);
    for (const { content } of recording.chunks) expect(Buffer.byteLength(content)).toBeLessThanOrEqual(512 * 1024);
  });

  test('of what is no text holds the text that it is read as, and counts and hashes that', () => {
    const recorder = createRecorder(1000);
    recorder.begin(undefined);
    recorder.add(Buffer.from([0x61, 0xff, 0x62, 0x0a]));

    const { summary, chunks } = recorder.take() as Recording;

    const text = 'a\ufffdb\n';
    expect(String(chunks[0]?.content)).toBe(text);
    expect(summary).toEqual({ chunks: 1, bytes: 6, sha256: sha256(text), truncated: false });
  });

  test('keeps its own copy of what it was given', () => {
    const recorder = createRecorder(1000);
    const bytes = Buffer.from('[1]\n');
    recorder.begin({ columns });
    recorder.add(bytes);

    bytes.fill(0x20);

    expect(textOf(recorder.take() as Recording)).toBe(`${head}[1]\n`);
  });
});
