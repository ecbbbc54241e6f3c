import { html } from 'hono/html';
import type { Integrity } from '../audit/audit.ts';
import { type Markup, shown, shownTime } from './shown.ts';

const words = { ok: 'in order', late: 'late', failing: 'failing' } as const;
const signatures = { valid: 'verified just now', invalid: 'does not hold', unknown: 'cannot be verified now' } as const;

/** How the trail stands: chains, the last checkpoint, what waits to be shipped. */
export function integrityPage({ state, why, checkpoint, chains, outbox }: Integrity, now: Date): Markup {
  return html`<h1>Integrity</h1>
<p class="lead"><span class="tag ${state}">${words[state]}</span> ${state === 'ok' ? 'Every chain is covered by a signed checkpoint of the last two minutes.' : ''}</p>
${why.length === 0 ? '' : html`<div class="alert" role="alert"><ul>${why.map((reason) => html`<li>${reason}</li>`)}</ul></div>`}
<section aria-labelledby="checkpoint"><h2 id="checkpoint">Last checkpoint</h2>
${checkpoint === null ? html`<p class="empty">There is none yet.</p>` : checkpointFacts(checkpoint, now)}
</section>
<section aria-labelledby="chains"><h2 id="chains">Chains</h2>
<dl>
<div><dt>Open</dt><dd>${chains.open}</dd></div>
<div><dt>Taken over by the keeper</dt><dd>${chains.taken}</dd></div>
<div><dt>Closed, to be covered</dt><dd>${chains.closing}</dd></div>
</dl>
</section>
<section aria-labelledby="outbox"><h2 id="outbox">On the way to BigQuery</h2>
<dl>
<div><dt>Events</dt><dd>${outbox.events}</dd></div>
<div><dt>Oldest of them</dt><dd>${outbox.oldest === null ? 'none waits' : shownTime(outbox.oldest.time, now)}</dd></div>
<div><dt>Operations running</dt><dd>${outbox.running}</dd></div>
<div><dt>Put aside, as BigQuery refuses it</dt><dd>${outbox.dead}</dd></div>
<div><dt>Checkpoints</dt><dd>${outbox.checkpoints}</dd></div>
</dl>
</section>`;
}

function checkpointFacts(checkpoint: NonNullable<Integrity['checkpoint']>, now: Date): Markup {
  return html`<dl>
<div><dt>Number</dt><dd>${checkpoint.number} <span class="quiet">${checkpoint.checkpoint}</span></dd></div>
<div><dt>Made</dt><dd>${shownTime(checkpoint.time, now)} by ${shown(checkpoint.keeper)}</dd></div>
<div><dt>Signature</dt><dd>${signatures[checkpoint.signature]}</dd></div>
<div><dt>Key</dt><dd><code>${shown(checkpoint.key)}</code></dd></div>
<div><dt>SHA-256</dt><dd><code>${checkpoint.hash}</code></dd></div>
<div><dt>Covers</dt><dd>${checkpoint.heads} chains; ${checkpoint.events} events so far</dd></div>
<div><dt>Kept from</dt><dd>${checkpoint.retained_from ?? 'the beginning'}</dd></div>
</dl>`;
}
