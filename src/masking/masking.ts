import type { Column, Finding, Result, ResultSummary, Row, Value } from '../model/result.ts';
import { detect } from './detect.ts';
import { mapList, mapTexts } from './values.ts';

export { detectedClasses } from './classes.ts';

export type MaskOptions = {
  /** Classes that stay in the clear for this identity; they are not counted. */
  unmask: readonly string[];
};

/** A result as it may leave. `findings` and `summary` may be asked once the last batch was read. */
export type MaskedResult = {
  columns: readonly Column[];
  batches: AsyncIterable<readonly Row[]>;
  summary(): ResultSummary;
  /** By class, in alphabetical order. */
  findings(): Finding[];
};

/** Types whose values cannot hold text: their digits are never mistaken for a card or a telephone number. */
const textless =
  /^(bool(ean)?|(small|big)?int(eger)?\d*|float\d*|real|double precision|(big)?numeric|decimal|money|oid|uuid|date|datetime|time(tz)?|timestamp(tz)?|interval)\b/i;

/**
 * Step 8, the second net: every text in the rows is looked through, in lists, objects and keys too, and what detectors
 * recognise is replaced by `[CLASS]` and counted. Batch by batch, as the reader asks for them; who leaves early cancels at the
 * target.
 */
export function maskResult(result: Result, { unmask }: MaskOptions): MaskedResult {
  const counter = createCounter(unmask);
  const isTextless = result.columns.map(({ type }) => textless.test(type) && !type.endsWith('[]'));
  const maskValue = (value: Value, column: number) =>
    isTextless[column] === true && typeof value !== 'object' ? value : mapTexts(value, counter.mask);
  const maskRow = (row: Row) => mapList(row, maskValue);
  return {
    columns: result.columns,
    batches: mapBatches(result.batches, (batch) => mapList(batch, maskRow)),
    summary: () => result.summary(),
    findings: counter.findings,
  };
}

/** One text, masked in the same way: for what is no row. */
export function maskText(text: string, { unmask }: MaskOptions): { text: string; findings: Finding[] } {
  const counter = createCounter(unmask);
  return { text: counter.mask(text), findings: counter.findings() };
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
function mapBatches<Batch>(batches: AsyncIterable<Batch>, map: (batch: Batch) => Batch): AsyncIterable<Batch> {
  return {
    [Symbol.asyncIterator]() {
      const source = batches[Symbol.asyncIterator]();
      const leave = async (): Promise<IteratorResult<Batch>> => {
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
