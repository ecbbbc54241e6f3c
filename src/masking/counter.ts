import type { Finding } from '../model/result.ts';
import { detect } from './detect.ts';

/** Masks texts, and counts what it masked by class. */
export function createCounter(unmask: readonly string[]) {
  const exempt = new Set(unmask);
  const counts = new Map<string, number>();

  /** One that was masked elsewhere. */
  function count(name: string) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  function mask(text: string): string {
    const spans = detect(text);
    if (spans.length === 0) return text;
    let masked = '';
    let done = 0;
    for (const { class: name, start, end } of spans) {
      if (exempt.has(name)) continue;
      count(name);
      masked += `${text.slice(done, start)}[${name}]`;
      done = end;
    }
    return masked + text.slice(done);
  }

  function findings(): Finding[] {
    return [...counts].map(([name, count]) => ({ class: name, count })).sort((a, b) => (a.class < b.class ? -1 : 1));
  }

  return { mask, count, findings };
}
