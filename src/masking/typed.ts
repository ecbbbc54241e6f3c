import { readVisible } from './visible.ts';

/** Keys that wait to be seen: more of them are taken for ones that are not shown. */
const mostWaiting = 4096;
/** A line that is longer is kept in parts. */
const longest = 16 * 1024;

export type Typed = {
  /** What was typed. */
  type(text: string): void;
  /** Whether anything that was typed may still be shown. Where not, what is shown need not be told. */
  awaits(): boolean;
  /** What the terminal shows next. */
  show(visible: string): void;
  /** Whether that is what was typed last and has not been shown. */
  isOwn(visible: string): boolean;
  end(): void;
};

/**
 * What is typed at a terminal, for the recording: a line when it is entered, so that a value in it is seen whole. Keys that the terminal does
 * not show, as those of a password, are told only by their number: `[6 keys]`. Keys that write nothing stand as they are.
 */
export function createTyped(keep: (line: string) => void): Typed {
  /** Each a key, or the sequence that one sends. */
  const waiting: string[] = [];
  let line = '';
  let own = '';

  function settle() {
    while (waiting[0] !== undefined && !isPrintable(waiting[0])) add(waiting.shift() ?? '');
  }

  function add(key: string) {
    line += key;
    if (key === '\r' || key === '\n' || line.length > longest) {
      keep(line);
      line = '';
    }
  }

  /** Keys up to that place were not shown. */
  function hide(end: number) {
    let hidden = 0;
    const tell = () => {
      if (hidden > 0) line += hidden === 1 ? '[1 key]' : `[${hidden} keys]`;
      hidden = 0;
    };
    for (const key of waiting.splice(0, end)) {
      if (isPrintable(key)) hidden++;
      else {
        tell();
        add(key);
      }
    }
    tell();
    settle();
  }

  function showLine(shown: string) {
    const end = waiting.findIndex((key) => !isPrintable(key));
    const keys = waiting.slice(0, end === -1 ? waiting.length : end).join('');
    if (shown === '' || keys === '' || !(keys.startsWith(shown) || shown.startsWith(keys))) return;
    const count = Math.min(shown.length, keys.length);
    for (const key of waiting.splice(0, count)) add(key);
    settle();
    if (shown.length > count) showLine(shown.slice(count));
  }

  return {
    type(text) {
      const keys = keysOf(text);
      waiting.push(...keys);
      own = (own + keys.filter(isPrintable).join('')).slice(-256);
      settle();
      if (waiting.length > mostWaiting) hide(waiting.length);
    },
    awaits: () => waiting.length > 0 || own !== '',
    show(visible) {
      const [first = '', ...more] = visible.split('\n');
      showLine(first);
      for (const next of more) {
        const entered = waiting.findIndex(isEnter);
        if (entered !== -1) hide(entered + 1);
        own = '';
        showLine(next);
      }
    },
    isOwn(visible) {
      if (visible === '' || !own.startsWith(visible)) return false;
      own = own.slice(visible.length);
      return true;
    },
    end() {
      hide(waiting.length);
      if (line !== '') keep(line);
      line = '';
    },
  };
}

const isEnter = (key: string) => key === '\r' || key === '\n';
const isPrintable = (key: string) => key.length === 1 && key >= ' ' && key !== '\x7f';

function keysOf(text: string): string[] {
  const { sequences } = readVisible(text, undefined);
  const keys: string[] = [];
  let done = 0;
  for (let index = 0; index < sequences.length; index += 2) {
    keys.push(...text.slice(done, sequences[index]), text.slice(sequences[index], sequences[index + 1]));
    done = sequences[index + 1] ?? text.length;
  }
  return [...keys, ...text.slice(done)];
}
