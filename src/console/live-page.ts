import { html } from 'hono/html';
import type { LiveSight } from './live.ts';
import { type Markup, shown, shownTime } from './shown.ts';

export type LiveOptions = {
  csrf: string;
  now: Date;
  /** They may look at recordings, too. */
  auditor: boolean;
};

/** What runs now, the latest first. */
export function livePage(sights: readonly LiveSight[], options: LiveOptions): Markup {
  return html`<h1>Running now</h1>
<p class="quiet">Sessions, watches and logs that go on until one side ends them. <a href="/live">Look again</a></p>
${sights.length === 0 ? html`<p class="empty">Nothing that you may see runs now.</p>` : html`<ul class="cards panel">${sights.map((sight) => card(sight, options))}</ul>`}`;
}

function card(sight: LiveSight, options: LiveOptions): Markup {
  const { operation, member, agent, connection, verb, risks, statement, since, instance, recorded } = sight.running;
  const title = html`<span class="card-title">${verb} on ${shown(connection)}</span>
<code class="preview">${shown([...(statement ?? '')].slice(0, 240).join(''))}</code>`;
  return html`<li class="card">${options.auditor ? html`<a href="/operations/${operation}">${title}</a>` : title}
<p class="lead"><span class="tag pending">running</span> ${risks.map((risk) => html`<span class="tag risk">${risk}</span> `)}${shown(member)}${agent === null ? '' : html` · ${shown(agent)}`}</p>
<p class="quiet">since ${shownTime(since, options.now)}${recorded === undefined ? '' : ` · ${recorded.toLocaleString('en')} bytes recorded`} · <code>${shown(instance)}</code></p>
${endForm(sight, options)}</li>`;
}

/** The way to end it, or what became of that. */
export function endForm({ running, objection }: LiveSight, { csrf, now }: Pick<LiveOptions, 'csrf' | 'now'>): Markup {
  const { operation, ending } = running;
  if (ending !== undefined)
    return html`<p class="notice">${shown(ending.by)} has ended it ${shownTime(ending.at, now)}: <q>${shown(ending.reason)}</q></p>`;
  if (objection !== undefined) return html`<p class="quiet">${objection}</p>`;
  return html`<details class="ending"><summary>End it</summary>
<form class="decide" method="post" action="/operations/${operation}/end">
<input type="hidden" name="csrf" value="${csrf}">
<label for="reason-${operation}">Why</label>
<p class="quiet" id="help-${operation}">It is cut off at once, here and at its target. What it has done stays done. Who asked for it is told that you ended it; your words are in the trail.</p>
<textarea id="reason-${operation}" name="reason" rows="2" required maxlength="500" aria-describedby="help-${operation}"></textarea>
<div class="buttons"><button class="deny">End it now</button></div>
</form></details>`;
}
