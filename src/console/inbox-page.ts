import { html } from 'hono/html';
import { boundSchema } from '../model/approval.ts';
import { stateTag } from './approval-page.ts';
import type { Sight } from './decisions.ts';
import { type Markup, shown, shownTime } from './shown.ts';

/** What waits for this human, the most urgent first, and what was decided lately. */
export function inboxPage({ open, past }: { open: readonly Sight[]; past: readonly Sight[] }, now: Date): Markup {
  return html`<h1>Approvals</h1>
<section aria-labelledby="open"><h2 id="open">Waiting for a decision</h2>
${open.length === 0 ? html`<p class="empty">Nothing waits for you.</p>` : html`<ul class="cards">${open.map((sight) => card(sight, now))}</ul>`}
</section>
<section aria-labelledby="past"><h2 id="past">Lately</h2>
${past.length === 0 ? html`<p class="empty">Nothing was decided yet.</p>` : html`<ul class="cards">${past.map((sight) => card(sight, now))}</ul>`}
</section>`;
}

const preview = 160;

function card({ approval, objection }: Sight, now: Date): Markup {
  const { statement, connection, verb } = boundSchema.parse(JSON.parse(approval.bound));
  const pending = approval.state === 'pending';
  const beginning = [...statement.replaceAll('\n', ' ')].slice(0, preview).join('');
  return html`<li class="card"><a href="/approvals/${approval.id}">
<span class="card-title">${shown(approval.requester.email ?? approval.requester.member)} · ${verb} on ${shown(connection.name)}</span>
<code class="preview">${shown(beginning)}${beginning.length < statement.length ? ' …' : ''}</code></a>
<p class="lead">${stateTag(approval)} ${approval.risks.map((risk) => html`<span class="tag risk">${risk}</span> `)}
${pending ? html`expires ${shownTime(approval.expires_at, now)}` : html`asked ${shownTime(approval.requested_at, now)}`}
${pending && objection !== undefined ? html`<br><span class="quiet">${objection}</span>` : ''}</p></li>`;
}
