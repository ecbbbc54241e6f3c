import { widthOf } from './width.ts';

/** A text as a reader takes it, and from where to where (excluded) each of its characters stood in the original. */
export type View = { text: string; starts: readonly number[]; ends: readonly number[] };

/** How the same output may be read: each way finds values that another does not. */
export type Views = {
  all: readonly View[];
  /** What may still go on. Whoever writes elsewhere on the screen goes on with nothing. */
  tail: View;
  /** Control sequences, as start and end (excluded) of each, in order. */
  sequences: readonly number[];
  /** Where a sequence begins whose end has not come; the length of the text where there is none. */
  open: number;
};

/** Nothing but these makes a text read otherwise than it stands. The last two are a control character of its own and a lone return. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const control = /[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]|\r(?!\n)/;

export const hasControls = (text: string): boolean => control.test(text);

/** ECMA-48, 5.4 and 8.3: control sequences, strings with their contents, and other escapes. */
const sequence =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: see above
  /(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)|\x1b[\x20-\x2f]*[\x30-\x4f\x51-\x57\x59\x5a\x5c\x60-\x7e]/y;
/** The beginning of one. */
const beginning =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: see above
  /(?:(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]{0,4096}\x1b?|\x1b[\x20-\x2f]*)$/y;
/** Cursor to a place of its own (CUP, HVP, CHA, VPA, next and previous line), a screen that is cleared or changed, reset. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const elsewhere = /^(?:\x1b\[|\x9b)(?:[\d;]*[HfGdEF`]|[23]J|\?(?:47|104[79])[hl])$|^\x1bc$/;
/** Any motion of the cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const motion = /^(?:\x1b\[|\x9b)[\d;]*[A-HfGdae`JK]$|^\x1b[cDEM78]$/;

/** A title, or another string for the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const isString = /^(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])/;

type Draft = { text: string; starts: number[]; ends: number[]; taken: number | undefined };

/** What stands in the place of a character that was taken back stands for both. */
function add(draft: Draft, character: string, index: number) {
  draft.text += character;
  draft.starts.push(draft.taken ?? index);
  draft.ends.push(index + 1);
  draft.taken = undefined;
}

function takeBack(draft: Draft, index: number) {
  if (draft.text === '' || draft.text.endsWith('\n')) return;
  draft.taken = draft.starts.at(-1);
  drop(draft);
  if (draft.ends.length > 0) draft.ends[draft.ends.length - 1] = index + 1;
}

function drop(draft: Draft) {
  draft.text = draft.text.slice(0, -1);
  draft.starts.pop();
  draft.ends.pop();
}

/**
 * Reads a text as terminals do, in three ways. Parted by its control sequences, with what titles hold. Without them, but parted where
 * the cursor moves. And without anything that could stand between the characters of a value: motions, returns, backspaces with what
 * they take back, and the ends of lines that are as wide as the terminal.
 */
export function readVisible(text: string, columns: number | undefined): Views {
  const parted = draft();
  const apart = draft();
  const joined = draft();
  const tail = draft();
  const sequences: number[] = [];
  let open = text.length;
  let column = 0;

  const every = (drafts: readonly Draft[], character: string, index: number) => {
    for (const one of drafts) add(one, character, index);
  };

  function takeSequence(index: number): number {
    sequence.lastIndex = index;
    if (!sequence.test(text)) return takeBeginning(index);
    const end = sequence.lastIndex;
    const found = text.slice(index, end);
    sequences.push(index, end);
    add(parted, '\n', index);
    if (isString.test(found)) {
      for (let at = index + 2; at < end; at++) add(parted, text.charAt(at), at);
      add(parted, '\n', end - 1);
    }
    if (motion.test(found)) add(apart, '\n', index);
    if (elsewhere.test(found)) add(tail, '\n', index);
    return end;
  }

  function takeBeginning(index: number): number {
    beginning.lastIndex = index;
    if (!beginning.test(text)) return index + 1;
    open = index;
    return text.length;
  }

  function takeReturn(index: number): number {
    if (text[index + 1] !== '\n') {
      every([parted, apart], '\n', index);
      if (columns !== undefined && column > columns && joined.text.endsWith(' '))
        for (const one of [joined, tail]) drop(one);
      column = 0;
    }
    return index + 1;
  }

  function takeNewline(index: number) {
    add(parted, '\n', index);
    if (!isFull(column, columns)) every([apart, joined, tail], '\n', index);
    column = 0;
  }

  for (let index = 0; index < text.length; ) {
    const code = text.charCodeAt(index);
    if (code === 0x1b || (code >= 0x80 && code <= 0x9f)) {
      index = takeSequence(index);
      continue;
    }
    if (code === 0x0d) {
      index = takeReturn(index);
      continue;
    }
    if (code === 0x0a) takeNewline(index);
    else if (code === 0x08) {
      for (const one of [joined, tail]) takeBack(one, index);
      column = Math.max(0, column - 1);
    } else if (code === 0x09 || (code >= 0x20 && code !== 0x7f)) {
      every([parted, apart, joined, tail], text.charAt(index), index);
      column += widthOf(code);
    }
    index++;
  }
  // A line editor goes on in the next line with a space that it takes back, of which only the space may have come.
  if (columns !== undefined && column > columns && isFull(column - 1, columns) && tail.text.endsWith(' ')) drop(tail);
  return { all: [parted, apart, joined], tail, sequences, open };
}

/** Whether the terminal goes on in the next line by itself. */
export const isFull = (column: number, columns: number | undefined): boolean =>
  columns !== undefined && column > 0 && column % columns === 0;

const draft = (): Draft => ({ text: '', starts: [], ends: [], taken: undefined });
