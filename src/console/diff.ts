import { html } from 'hono/html';
import { type Markup, shown } from './shown.ts';

/** A line of two texts laid over each other: in both, in the earlier alone, in the later alone, or lines that are left out. */
export type DiffLine = { sign: ' ' | '-' | '+' | '…'; text: string };

export type Diff = (before: Record<string, unknown> | null, after: Record<string, unknown> | null) => DiffLine[];

/** What became of a text. The signs, and the elements, say without colour what was put in and taken out. */
export function shownDiff(lines: readonly DiffLine[]): Markup {
  if (lines.length === 0) return html`<p class="empty">Nothing in it is different.</p>`;
  return html`<ul class="diff">${lines.map(lineOf)}</ul>`;
}

function lineOf({ sign, text }: DiffLine): Markup {
  const code = html`<code>${shown(text)}</code>`;
  switch (sign) {
    case '+':
      return html`<li class="put"><ins><span class="side">+</span>${code}</ins></li>`;
    case '-':
      return html`<li class="out"><del><span class="side">−</span>${code}</del></li>`;
    case '…':
      return html`<li class="skipped"><span class="side" title="lines that are the same">…</span></li>`;
    case ' ':
      return html`<li><span class="side"></span>${code}</li>`;
  }
}
