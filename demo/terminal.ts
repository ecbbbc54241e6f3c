import { styleText } from 'node:util';

/** Words for a terminal: in colour where there is one, plain where not (`NO_COLOR`, a pipe, a log). */
export type Terminal = {
  title(text: string): void;
  /** A step of the story, numbered. */
  step(number: number, text: string): void;
  request(text: string): void;
  answer(text: string): void;
  held(text: string): void;
  broken(text: string): void;
  /** Rows in columns, as wide as they need. */
  table(rows: readonly Record<string, unknown>[]): void;
  line(text?: string): void;
};

type Style = Parameters<typeof styleText>[0];

const WIDTH = 220;

export function createTerminal(out: NodeJS.WriteStream): Terminal {
  const style = (format: Style, text: string) => styleText(format, text, { stream: out });
  const write = (text: string) => out.write(`${text}\n`);
  return {
    title: (text) => write(`\n${style('bold', text)}`),
    step: (number, text) => write(`\n${style(['bold', 'cyan'], `(${number})`)} ${style('bold', text)}`),
    request: (text) => write(`    ${style('cyan', '→')} ${shorten(text)}`),
    answer: (text) => write(`    ${style('gray', '←')} ${style('gray', shorten(text))}`),
    held: (text) => write(`    ${style('green', '✓')} ${text}`),
    broken: (text) => write(`    ${style(['red', 'bold'], '✗')} ${style('red', text)}`),
    table: (rows) => {
      for (const line of columns(rows)) write(`      ${style('gray', line)}`);
    },
    line: (text = '') => write(text),
  };
}

function shorten(text: string) {
  return text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
}

function columns(rows: readonly Record<string, unknown>[]): string[] {
  const names = Object.keys(rows[0] ?? {});
  const cells = [names, ...rows.map((row) => names.map((name) => String(row[name] ?? '')))];
  const widths = names.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
