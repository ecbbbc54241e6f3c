import { detect } from './detect.ts';

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
