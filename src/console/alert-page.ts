import { html } from 'hono/html';
import type { Alert } from '../model/alert.ts';
import type { AlertSight } from './alert-answers.ts';
import { type Markup, shown, shownTime } from './shown.ts';

const titles: Record<Alert['kind'], string> = {
  'unknown-outcome': 'It is not known how an operation ended',
  'row-refused': 'BigQuery refuses a row of the trail',
  'checkpoint-late': 'A checkpoint is late',
  'checkpoint-missing': 'A checkpoint is missing',
  'approval-corrupt': 'A stored approval was changed',
  'host-key-changed': 'A host shows another key',
  'approval-forged': 'A forged approval was presented',
  'break-glass': 'Break-glass was used',
  'refusal-burst': 'Many unknown callers were refused',
};

/** What to look at before one closes it. */
const advice: Record<Alert['kind'], string> = {
  'unknown-outcome': 'Look at the target whether it happened. It was not tried again.',
  'row-refused': 'Compare the version of the tables with that of the product. The row waits in the outbox.',
  'checkpoint-late': 'Look at the keeper and at its right to sign.',
  'checkpoint-missing': 'Run sallyport verify over the time around it.',
  'host-key-changed':
    'Nothing was sent to it. Ask whoever runs the host whether its key was replaced; only then pin the new one. Else somebody may be in between.',
  'approval-corrupt': 'Nothing was run by it. Find out who may write to the runtime database.',
  'approval-forged': 'Nothing was run by it. Find out who may write to the runtime database.',
  'break-glass': 'Look at what was done and why. Closing this is the review.',
  'refusal-burst': 'Look at the refusals in the evidence, and at who can reach the gateway.',
};

/** Alerts, those first that nobody has closed. */
export function alertsPage(
  { open, closed }: { open: readonly AlertSight[]; closed: readonly AlertSight[] },
  now: Date,
): Markup {
  return html`<h1>Alerts</h1>
<section aria-labelledby="open"><h2 id="open">Open</h2>
${open.length === 0 ? html`<p class="empty">Nothing needs a look.</p>` : html`<ul class="cards">${open.map((sight) => card(sight, now))}</ul>`}
</section>
<section aria-labelledby="closed"><h2 id="closed">Closed lately</h2>
${closed.length === 0 ? html`<p class="empty">None was closed yet.</p>` : html`<ul class="cards">${closed.map((sight) => card(sight, now))}</ul>`}
</section>`;
}

function card({ alert, objection }: AlertSight, now: Date): Markup {
  return html`<li class="card"><a href="/alerts/${alert.id}"><span class="card-title">${titles[alert.kind]}</span>
<span class="preview">${shown(alert.detail)}</span></a>
<p class="lead">${stateTags(alert)} raised ${shownTime(alert.raised_at, now)}
${objection === undefined || alert.state === 'closed' ? '' : html`<br><span class="quiet">${objection}</span>`}</p></li>`;
}

function stateTags({ state, severity }: Alert): Markup {
  return html`<span class="tag ${state}">${state}</span> <span class="tag ${severity}">${severity}</span>`;
}

/** One alert, what was answered, and the form that answers it. */
export function alertPage(
  { alert, objection }: AlertSight,
  { csrf, now, author }: { csrf: string; now: Date; author: boolean },
): Markup {
  return html`<p class="crumb"><a href="/alerts">Alerts</a></p>
<h1>${titles[alert.kind]}</h1>
<p class="lead">${stateTags(alert)} raised ${shownTime(alert.raised_at, now)}</p>
${alert.answers.length === 0 ? '' : answers(alert, now)}
<section aria-labelledby="what"><h2 id="what">What happened</h2>
<p>${shown(alert.detail)}</p>
${facts(alert)}
<p class="notice">${advice[alert.kind]}</p>
</section>
${alert.state === 'closed' ? '' : formOr(objection ?? (author ? undefined : 'You may look at alerts; an administrator answers them.'), alert, csrf)}`;
}

function answers({ answers: given }: Alert, now: Date): Markup {
  return html`<ul class="decisions">${given.map(
    ({ act, by, reason, at }) => html`<li>
<strong>${shown(by.email ?? by.member)} ${act === 'close' ? 'closed' : 'acknowledged'} it</strong> ${shownTime(at, now)}
<blockquote>${shown(reason)}</blockquote></li>`,
  )}</ul>`;
}

function facts({ id, about, owner }: Alert): Markup {
  const rows: [string, string | null | undefined][] = [
    ['Who', about.member],
    ['Owner', owner],
    ['Connection', about.connection],
    ['Verb', about.verb],
    ['Operation', about.operation],
    ['Session', about.session],
    ['Alert', id],
  ];
  return html`<dl>${rows
    .filter(([, value]) => typeof value === 'string')
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${shown(value ?? '')}</dd></div>`)}</dl>`;
}

function formOr(objection: string | undefined, { id, state }: Alert, csrf: string): Markup {
  if (objection !== undefined) return html`<p class="notice">${objection}</p>`;
  return html`<form class="decide" method="post" action="/alerts/${id}/answer" aria-labelledby="answer">
<h2 id="answer">Your answer</h2>
<input type="hidden" name="csrf" value="${csrf}">
<label for="reason">What you found</label>
<p class="quiet" id="reason-help">It is kept in the audit trail, with your name.</p>
<textarea id="reason" name="reason" required maxlength="2000" rows="3" aria-describedby="reason-help"></textarea>
<div class="buttons">
${state === 'open' ? html`<button name="act" value="acknowledge">Acknowledge</button>` : ''}
<button class="approve" name="act" value="close">Close</button>
</div>
</form>`;
}
