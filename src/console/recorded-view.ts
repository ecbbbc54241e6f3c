import { html } from 'hono/html';
import type { LiveSight } from './live.ts';
import type { OperationSight } from './replays.ts';
import { reveal } from './reveal.ts';
import { type Markup, shown, shownLines } from './shown.ts';

type Recorded = OperationSight['recorded'];

/** Characters on a page; all of it is in the downloads. */
const most = 100_000;

/** A session that goes on: a player that shows it as it is written where scripts run, and its text so far for everybody. */
export function liveView({ operation, live, recorded }: LiveSight['running'], { session }: Recorded): Markup {
  const again = html`<a href="/operations/${operation}">Look again</a>`;
  if (recorded === undefined && session === undefined)
    return html`<p class="empty">It goes on. ${live ? 'Nothing is recorded of it so far, or not before it ends' : 'Its answer is recorded when it has ended'}. ${again}</p>`;
  return html`<p class="quiet">It goes on, and is shown here about two seconds later. ${again}</p>
<link rel="stylesheet" href="/player.css">
<div id="player" data-live="/api/operations/${operation}/recording?format=events" role="region" aria-label="The session as it goes on"></div>
<p id="over" class="notice" hidden>It has ended. ${again}</p>
<details><summary>The session as text, so far</summary>${linesOf(session?.text ?? '', 'Nothing was said.')}</details>
<script src="/player.js" defer></script><script type="module" src="/play.js"></script>`;
}

/** A session: a player where scripts run, and its text for everybody. */
export function sessionView({ command, seconds, exit, text }: NonNullable<Recorded['session']>, cast: string): Markup {
  return html`<p class="quiet">${command === undefined ? '' : html`<code>${shown(command)}</code> · `}${seconds} s${exit === undefined ? '' : html` · ended with <code>${shown(exit)}</code>`}. Escape sequences are obeyed in the player and left out of the text.</p>
<link rel="stylesheet" href="/player.css">
<div id="player" data-cast="${cast}" role="region" aria-label="Player of the session"></div>
<details open><summary>The session as text</summary>${linesOf(text, 'Nothing was said.')}</details>
<script src="/player.js" defer></script><script type="module" src="/play.js"></script>`;
}

/** An HTTP answer: what JSON there is is indented. */
export function bodyView({ status, headers, text }: NonNullable<Recorded['body']>): Markup {
  return html`<p><strong>HTTP ${status}</strong></p>
<dl>${headers.map(([name, value]) => html`<div><dt>${shown(name)}</dt><dd><code>${shown(value)}</code></dd></div>`)}</dl>
${linesOf(indented(text), 'It had no body, or one that is not kept.')}`;
}

function linesOf(text: string, none: string): Markup {
  if (text === '') return html`<p class="empty">${none}</p>`;
  const cut = text.length > most;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Text">${shownLines(reveal(text.slice(0, most).toWellFormed()))}</div>${cut ? html`<p class="quiet">The rest is in the downloads.</p>` : ''}`;
}

/** Only white space between tokens changes, so numbers keep every digit; what is no JSON stays as it is. */
function indented(text: string): string {
  if (!isJson(text)) return text;
  let [depth, out] = [0, ''];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if (token === '}' || token === ']') depth--;
    if (token === '}' || token === ']') out += /[{[]$/.test(out) ? token : `${lineAt(depth)}${token}`;
    else out += /[{[]$|,$/.test(out) ? `${lineAt(depth)}${token}` : token;
    if (token === '{' || token === '[') depth++;
    if (token === ':') out += ' ';
  }
  return out;
}

const lineAt = (depth: number) => `\n${'  '.repeat(Math.min(depth, 40))}`;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
