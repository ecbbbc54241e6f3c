import { type JsonMasks, maskAssignments, maskJsonBytes } from '../../../masking/masking.ts';
import { Problem } from '../../../model/problem.ts';
import { withoutPlaced } from '../../../shell/shell.ts';
import { maskMessage } from './messages.ts';
import type { Rewriting } from './rules.ts';

export type RewritingOptions = {
  /** What stands in the place of a secret; undefined where this identity may see secrets. */
  label: string | undefined;
  /** What is never shown is labelled so: a copy that cannot be read. */
  unread: string;
  /** The masks of a copy of the object, of what an annotation holds, and of a file of configuration. Asked for when they are needed. */
  masks: { copy: () => JsonMasks; annotation: () => JsonMasks; config: () => JsonMasks };
  /** Whatever is quoted of an object may be a secret. */
  closed: boolean;
};

/** Copies within copies. */
const mostCopies = 4;

/** How texts are rewritten that hold JSON, or lines of configuration, or quote what was sent. */
export function createRewriting({ label, unread, masks, closed }: RewritingOptions): Rewriting {
  let depth = 0;

  /** The JSON masked, or undefined where it is none. */
  function maskedJson(text: string, by: () => JsonMasks): string | undefined {
    if (depth === mostCopies) return unread;
    depth++;
    try {
      return Buffer.from(maskJsonBytes(Buffer.from(text), by()).bytes).toString();
    } catch (error) {
      if (error instanceof Problem && (error.code === 'answer-unreadable' || error.code === 'too-large'))
        return undefined;
      throw error;
    } finally {
      depth--;
    }
  }

  const assignments = (text: string) => (label === undefined ? text : maskAssignments(text, label));
  const scripts = (text: string) => (label === undefined ? text : withoutPlaced(text, label));
  const isJson = (text: string) => /^\s*(?:\{\s*["}]|\[\s*[[{"\]])/.test(text);

  return {
    copy: (text) => maskedJson(text, masks.copy) ?? unread,
    annotation(text) {
      if (!isJson(text)) return assignments(text);
      return maskedJson(text, masks.annotation) ?? (closed ? unread : assignments(text));
    },
    config: (text) => (isJson(text) ? maskedJson(text, masks.config) : undefined) ?? assignments(scripts(text)),
    message: (text) => (label === undefined ? text : maskMessage(text, label, closed)),
    report: assignments,
  };
}
