import { Problem } from '../model/problem.ts';
import type { Piece } from '../model/result.ts';

/** Characters of a line that is held back while its end has not come. */
const longestLine = 1024 * 1024;

/**
 * Text that comes in pieces, masked line by line: a line leaves once its end has come, as nothing else tells that no value goes on.
 * Throws `too-large` at a line of more than a million characters.
 */
export async function* maskLines(
  pieces: AsyncIterable<Piece>,
  mask: (text: string) => string,
): AsyncGenerator<Uint8Array, void> {
  const decoder = new TextDecoder();
  let held = '';
  for await (const { bytes } of pieces) {
    held += decoder.decode(bytes, { stream: true });
    const whole = held.lastIndexOf('\n') + 1;
    if (whole > 0) yield Buffer.from(mask(held.slice(0, whole)));
    held = held.slice(whole);
    if (held.length > longestLine) throw new Problem('too-large', { detail: 'A line of the answer is too long.' });
  }
  held += decoder.decode();
  if (held !== '') yield Buffer.from(mask(held));
}
