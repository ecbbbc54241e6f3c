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

  const assignments = (text: string) => (label === undefined ? text : outsideScripts(text, label));
  const configured = (text: string) => (label === undefined ? text : withinScripts(text, label));
  const isJson = (text: string) => /^\s*(?:\{\s*["}]|\[\s*[[{"\]])/.test(text);

  return {
    copy: (text) => maskedJson(text, masks.copy) ?? unread,
    annotation(text) {
      if (!isJson(text)) return assignments(text);
      return maskedJson(text, masks.annotation) ?? (closed ? unread : assignments(text));
    },
    config: (text) => (isJson(text) ? maskedJson(text, masks.config) : undefined) ?? configured(text),
    message: (text) => (label === undefined ? text : maskMessage(text, label, closed)),
    report: assignments,
  };
}

/** Characters of a text that is remembered, and how many texts are. */
const longestKnown = 200;
const mostKnown = 4000;

/** Texts in which nothing was found are known again, as Pods of one kind have the same variables. What held a secret is not kept. */
function remembering(mask: (text: string, label: string) => string): typeof mask {
  const clean = new Set<string>();
  return (text, label) => {
    if (clean.has(text)) return text;
    const masked = mask(text, label);
    if (masked !== text || text.length > longestKnown) return masked;
    if (clean.size >= mostKnown) clean.clear();
    clean.add(text);
    return text;
  };
}

const outsideScripts = remembering((text, label) => maskAssignments(text, label));
const withinScripts = remembering((text, label) => maskAssignments(withoutPlaced(text, label), label));
