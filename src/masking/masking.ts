import type { Batch, Column, Finding, Lines, Result, ResultSummary } from '../model/result.ts';
import type { DetectedClass } from './classes.ts';
import { detect } from './detect.ts';
import { mapTexts } from './json-text.ts';
import { isNotable } from './notable.ts';

export { detectedClasses } from './classes.ts';

export type MaskOptions = {
  /** Classes that stay in the clear for this identity; they are not counted. */
  unmask: readonly string[];
};

/** A result as it may leave. `findings` and `summary` may be asked once the last batch was read. */
export type MaskedResult = {
  columns: readonly Column[];
  batches: AsyncIterable<Lines>;
  summary(): ResultSummary;
  /** By class, in alphabetical order. */
  findings(): Finding[];
};

const textless =
  /^(bool(ean)?|(small|big)?int(eger)?\d*|float\d*|real|double precision|(big)?numeric|decimal|money|oid|uuid|date|datetime|time(tz)?|timestamp(tz)?|interval)\b/i;

/** Whether a column of this type can hold text. The digits of one that cannot are never mistaken for a card or a telephone number. */
export function mayHoldText(type: string): boolean {
  return !textless.test(type) || type.endsWith('[]');
}

/**
 * Step 8, the second net: every text in the rows is looked through, in lists, objects and keys too, and what detectors
 * recognise is replaced by `[CLASS]` and counted. Batch by batch, as the reader asks for them; who leaves early cancels at the
 * target.
 */
export function maskResult(result: Result, { unmask }: MaskOptions): MaskedResult {
  const counter = createCounter(unmask);
  return {
    columns: result.columns,
    batches: mapBatches(result.batches, (batch) => maskBatch(batch, counter.mask)),
    summary: () => result.summary(),
    findings: counter.findings,
  };
}

/** Most texts hold nothing and are not even read as text. */
function maskBatch({ bytes, rows, texts }: Batch, mask: (text: string) => string): Lines {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Uint8Array[] = [];
  let done = 0;
  for (let index = 0; index < texts.length; index += 2) {
    const start = texts[index] ?? 0;
    const end = texts[index + 1] ?? 0;
    if (!isNotable(bytes, start, end)) continue;
    const json = whole.toString('utf8', start, end);
    const masked = mapTexts(json, mask);
    if (masked === json) continue;
    pieces.push(whole.subarray(done, start), Buffer.from(masked));
    done = end;
  }
  return { bytes: done === 0 ? bytes : Buffer.concat([...pieces, whole.subarray(done)]), rows };
}

/** One text, masked in the same way: for what is no row. */
export function maskText(text: string, { unmask }: MaskOptions): { text: string; findings: Finding[] } {
  const counter = createCounter(unmask);
  return { text: counter.mask(text), findings: counter.findings() };
}

/** The text with all that detectors recognise sealed, each by itself: equal values stay equal, and different ones apart. */
export function sealFound(text: string, seal: (className: string, found: string) => string): string {
  let sealed = '';
  let done = 0;
  for (const { class: name, start, end } of detect(text)) {
    sealed += text.slice(done, start) + seal(name, text.slice(start, end));
    done = end;
  }
  return done === 0 ? text : sealed + text.slice(done);
}

/** What detectors recognise in one text, class by class, for counting: `whole` where it is all that the text holds. */
export function recognise(text: string): readonly { class: DetectedClass; whole: boolean }[] {
  const letters = text.replace(/\s+/g, '').length;
  return detect(text).map((span) => ({
    class: span.class,
    whole: text.slice(span.start, span.end).replace(/\s+/g, '').length >= letters * 0.8,
  }));
}

function createCounter(unmask: readonly string[]) {
  const exempt = new Set(unmask);
  const counts = new Map<string, number>();

  function mask(text: string): string {
    const spans = detect(text);
    if (spans.length === 0) return text;
    let masked = '';
    let done = 0;
    for (const { class: name, start, end } of spans) {
      if (exempt.has(name)) continue;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      masked += `${text.slice(done, start)}[${name}]`;
      done = end;
    }
    return masked + text.slice(done);
  }

  function findings(): Finding[] {
    return [...counts].map(([name, count]) => ({ class: name, count })).sort((a, b) => (a.class < b.class ? -1 : 1));
  }

  return { mask, findings };
}

/** No generator: one that was never started would not pass on that its reader has left. */
function mapBatches<From, To>(batches: AsyncIterable<From>, map: (batch: From) => To): AsyncIterable<To> {
  return {
    [Symbol.asyncIterator]() {
      const source = batches[Symbol.asyncIterator]();
      const leave = async (): Promise<IteratorResult<To>> => {
        await source.return?.();
        return { done: true, value: undefined };
      };
      return {
        async next() {
          const step = await source.next();
          if (step.done) return step;
          try {
            return { done: false, value: map(step.value) };
          } catch (error) {
            await leave();
            throw error;
          }
        },
        return: leave,
      };
    },
  };
}
