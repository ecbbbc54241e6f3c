import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { type Piece, type Revealed, reveal } from './reveal.ts';

export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

/** Words of others, in a line of ours: every character visible and none of them markup. */
export function shown(text: string): Markup {
  return html`<bdi class="said">${reveal(text).pieces.map(pieceOf)}</bdi>`;
}

/** Text of others as a block of numbered lines, so that nothing is hidden behind empty ones. */
export function shownLines({ pieces }: Revealed): Markup {
  return html`<ol class="lines">${linesOf(pieces).map((line) => html`<li><code>${line.map(pieceOf)}</code></li>`)}</ol>`;
}

/** What to know before trusting one's eyes. */
export function shownWarnings(warnings: readonly string[]): Markup {
  if (warnings.length === 0) return html``;
  return html`<div class="alert" role="alert"><strong>Look twice.</strong><ul>${warnings.map((text) => html`<li>${text}</li>`)}</ul></div>`;
}

function pieceOf(piece: Piece): Markup {
  switch (piece.kind) {
    case 'text':
      return html`${piece.text}`;
    case 'newline':
      return html`<span class="sign" title="new line">↵</span>`;
    case 'tab':
      return html`<span class="sign" title="tab">⇥\u2003</span>`;
    case 'hidden':
      return html`<span class="badge" title="${piece.name}">${piece.code} ${piece.name}</span>`;
    case 'lookalike':
      return html`<mark>${piece.text}</mark><span class="badge">${piece.why}</span>`;
  }
}

/** How much text it is, counted as a human would. */
export function countOf(text: string) {
  const lines = linesOf(reveal(text).pieces).length;
  const characters = [...text].length;
  return `${characters} ${characters === 1 ? 'character' : 'characters'}${lines > 1 ? `, ${lines} lines` : ''}`;
}

/** The sign for a new line ends its line; a line after the last one exists only if it holds something. */
function linesOf(pieces: readonly Piece[]): Piece[][] {
  const lines: Piece[][] = [[]];
  for (const piece of pieces) {
    lines.at(-1)?.push(piece);
    if (piece.kind === 'newline') lines.push([]);
  }
  return lines.length > 1 && lines.at(-1)?.length === 0 ? lines.slice(0, -1) : lines;
}

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** A moment as UTC, and how far it is: `in 24 minutes`, `3 hours ago`. */
export function shownTime(iso: string, now: Date): Markup {
  const seconds = Math.round((Date.parse(iso) - now.getTime()) / 1000);
  const utc = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
  return html`<time datetime="${iso}">${spanOf(seconds)}</time> <span class="quiet">${utc}</span>`;
}

function spanOf(seconds: number) {
  if (seconds > -5 && seconds <= 0) return 'just now';
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  const count = Math.floor(Math.abs(seconds) / size);
  const span = `${count} ${unit}${count === 1 ? '' : 's'}`;
  return seconds < 0 ? `${span} ago` : `in ${span}`;
}
