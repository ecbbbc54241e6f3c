import { createHash } from 'node:crypto';
import type { Tape, Transcript, TranscriptOptions } from '../model/transcript.ts';
import { createAsked } from './asked.ts';
import { createCounter } from './counter.ts';
import { isBinary, lookAt, writeMasked } from './looking.ts';
import { createMaskStream, type Masked, type MaskStream } from './stream.ts';
import { createTyped } from './typed.ts';
import { readVisible } from './visible.ts';

export type TranscriptDeps = {
  /** Classes that stay in the clear for this identity; they are not counted. */
  unmask: readonly string[];
  /** Where it is kept; undefined where it may not be. */
  tape: Tape | undefined;
};

/** The channel that a recording begins with. */
const first = 'stdout';

/**
 * The transcript of a session: what detectors recognise is replaced by `[CLASS]` before it leaves, and before it is kept. What the
 * caller says is masked only where it is kept.
 */
export function createTranscript(options: TranscriptOptions, deps: TranscriptDeps): Transcript {
  const { terminal } = options;
  const exempt = new Set(deps.unmask);
  const { count, findings } = createCounter(deps.unmask);
  const channels = new Map<string, MaskStream>();
  const tape = deps.tape;
  let columns = options.columns;
  let current = first;
  tape?.open(options);
  tape?.beforeEnd(endInput);

  const typed = createTyped((line) => {
    const masks = { exempt, found: () => {} };
    const bytes = Buffer.from(line);
    keep('i', writeMasked(lookAt(bytes, { columns: undefined, assignments: true }), 0, bytes.length, masks));
  });
  const piped = createMaskStream({ exempt, found: () => {}, assignments: true });
  const decoder = new TextDecoder();
  const asked = createAsked(options.command);

  function streamOf(name: string): MaskStream {
    const known = channels.get(name);
    if (known !== undefined) return known;
    const masks = { exempt, found: count, assignments: true };
    const stream = createMaskStream(terminal ? { ...masks, terminal: { columns: () => columns } } : masks);
    channels.set(name, stream);
    return stream;
  }

  /** What is no text is told by its length and its hash: as text it would be something else. */
  function keep(code: 'o' | 'i', bytes: Buffer, name = first) {
    if (bytes.length === 0 || tape === undefined) return;
    if (code === 'o' && name !== current) tape.entry('m', name);
    if (code === 'o') current = name;
    if (!isBinary(bytes)) return tape.entry(code, bytes.toString());
    const digest = createHash('sha256').update(bytes).digest('hex');
    tape.entry('m', `${code === 'i' ? 'stdin' : name}: ${bytes.length} bytes that are no text, SHA-256 ${digest}`);
  }

  function leave(name: string, { leave, keep: kept }: Masked): Buffer {
    keep('o', kept, name);
    return leave;
  }

  function endInput() {
    typed.end();
    keep('i', piped.end().keep);
    keep('i', Buffer.from(asked.rest()));
  }

  return {
    output(name, bytes) {
      const stream = streamOf(name);
      if (!terminal) asked.said(bytes);
      if (!terminal || !typed.awaits()) return leave(name, stream.push(bytes));
      const shown = readVisible(Buffer.from(bytes).toString(), undefined).tail.text;
      const isKnown = !stream.holds() && typed.isOwn(shown);
      typed.show(shown);
      const masked = leave(name, stream.push(bytes));
      return isKnown ? Buffer.concat([masked, stream.release()]) : masked;
    },
    flush: (name) => leave(name, streamOf(name).end()),
    input(bytes) {
      if (tape === undefined && !terminal) return;
      if (terminal) typed.type(decoder.decode(bytes, { stream: true }));
      else keep('i', piped.push(asked.answer(bytes)).keep);
    },
    resize(wide, rows) {
      columns = wide;
      tape?.entry('r', `${wide}x${rows}`);
    },
    exit(status) {
      endInput();
      tape?.entry('x', String(status));
    },
    findings,
  };
}
