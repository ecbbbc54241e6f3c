import { detectedClasses } from '../../../masking/masking.ts';
import { Problem } from '../../../model/problem.ts';
import { compacted, unescaped } from './escapes.ts';

/** The class of what Kubernetes itself keeps secret. */
export const CREDENTIAL = 'CREDENTIAL';

/** What stands in the place of a masked text. */
export const sentinel = (className: string) => `[${className}]`;

/** As above where base64 is expected (`data` of a Secret), so that clients can decode it. */
export const sentinel64 = (className: string) => Buffer.from(sentinel(className)).toString('base64');

/** Of a text within a longer one, whatever stands before it: what its base64 has in common at each of the three alignments. */
function alignments(text: string): readonly string[] {
  return [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
    const whole = Math.floor((bytes.length * 8) / 6);
    return bytes.toString('base64').slice(Math.ceil((before * 8) / 6), whole);
  });
}

/** What tells whether a text holds something that stands for a masked value of one of these classes, or of those that detectors know. */
export type SentinelFinder = (bytes: Uint8Array) => boolean;

/** Escapes within escapes: JSON in a text of JSON in a text. */
const mostEscapes = 6;
/** Bytes that are looked through in all, with each level of escapes written out: the longest body with two of them. */
const mostSeen = 9 * 1024 * 1024;

/** A finder reads any text, and throws `too-large` where that would take too long: JSON and YAML with their escapes, base64 at any alignment, also wrapped in lines, and protobuf. */
export function sentinelFinder(classes: Iterable<string>): SentinelFinder {
  const names = [...new Set([CREDENTIAL, ...detectedClasses, ...classes])];
  const token = 'tok_[a-p]{32}';
  const plain = new RegExp(`\\[(?:${names.join('|')})\\]|(?<![A-Za-z0-9])${token}`);
  const encoded = new RegExp(
    names
      .flatMap((name) => alignments(sentinel(name)))
      .map(literally)
      .join('|'),
  );
  const holds = (bytes: Buffer) => {
    const text = bytes.toString('latin1');
    return plain.test(text) || holdsEncoded(bytes, text, encoded);
  };
  return (bytes) => {
    let left = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let seen = 0;
    for (let round = 0; round < mostEscapes; round++) {
      seen += left.length;
      if (seen > mostSeen)
        throw new Problem('too-large', {
          detail: 'The body is too long for so many escapes within escapes: send less at once.',
          reason: 'kubernetes:body',
        });
      if (holds(left)) return true;
      const written = unescaped(left);
      if (written.length === left.length) return false;
      left = written;
    }
    return holds(left);
  };
}

const literally = (text: string) =>
  text.replaceAll(/[+/]/g, '\\$&').replaceAll('\\+', '[+-]').replaceAll('\\/', '[/_]');

/** A token within base64, by what its beginning looks like at each alignment. */
const tokenStart = new RegExp(alignments('tok_').map(literally).join('|'));
/** All runs at once, as they may be many: each at this alignment, with zeros behind it. */
function decoded(found: readonly string[], from: number): string {
  const aligned = found.map((run) => run.slice(from) + padding[(run.length - from) % 4]);
  return Buffer.from(aligned.join(''), 'base64').toString('latin1');
}

const padding = [4, 7, 6, 5].map((zeros) => 'A'.repeat(zeros));
const runs = /[A-Za-z0-9+/_-]{40,}/g;

function holdsEncoded(bytes: Buffer, text: string, encoded: RegExp): boolean {
  if (encoded.test(text)) return true;
  const compact = compacted(bytes).toString('latin1');
  if (compact.length < text.length && encoded.test(compact)) return true;
  if (!tokenStart.test(compact)) return false;
  const found = compact.match(runs) ?? [];
  return [0, 1, 2, 3].some((from) => /tok_[a-p]{32}/.test(decoded(found, from)));
}

/** Refuses a body that would write a mask in the place of what it masks. */
export function refuseSentinel(body: Uint8Array, holds: SentinelFinder) {
  if (!holds(body)) return;
  throw new Problem('target-rejected', {
    reason: 'sentinel',
    detail:
      'The request holds a mask (such as [CREDENTIAL]) that stands for a value you may not see: to write it would destroy that value. ' +
      'Write only what changes: kubectl patch, kubectl set, or kubectl apply with a manifest that leaves masked fields out or gives their new values.',
  });
}
