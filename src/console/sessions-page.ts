import { html } from 'hono/html';
import { verbs } from '../model/documents.ts';
import { outcomes, type SessionFilter, type SessionList, sessionSegment } from './replays.ts';
import { type Markup, shown, shownTime } from './shown.ts';

type Told = SessionList['sessions'][number];

/** Sessions that match, the latest first, with the form that looks for others. */
export function sessionsPage({ filter, open, sessions, next }: SessionList, now: Date): Markup {
  return html`<h1>Sessions</h1>
<p class="quiet">What each agent did in one run. Sessions are named by their callers, so each name stands once for every identity that used it.
That you look is in the trail, too.</p>
${filterForm(filter, open)}
${sessions.length === 0 ? html`<p class="empty">No session matches.</p>` : html`<ul class="cards panel">${sessions.map((told) => card(told, filter, now))}</ul>`}
${next === undefined ? '' : html`<p><a href="/sessions?${queryOf({ ...filter, after: next })}">Earlier sessions</a></p>`}`;
}

function filterForm(filter: SessionFilter, open: boolean): Markup {
  return html`<form class="period filters" method="get" action="/sessions" aria-label="Filter">
${textField('principal', 'Identity', filter.principal, 'user:…')}
${textField('connection', 'Connection', filter.connection)}
${choice('verb', 'Verb', verbs, filter.verb)}
${choice('outcome', 'Outcome', outcomes, filter.outcome)}
${textField('policy', 'Policy', filter.policy)}
${textField('text', 'Statement has', filter.text)}
${textField('session', 'Session', filter.session)}
<label>From (UTC) <input type="datetime-local" name="from" value="${localOf(filter.from)}"></label>
<label>To, not included <input type="datetime-local" name="to" value="${open ? '' : localOf(filter.to)}"></label>
<button>Show</button>
<a href="/sessions">Clear</a>
</form>`;
}

function textField(name: string, label: string, value: string | undefined, placeholder = ''): Markup {
  return html`<label>${label} <input type="search" name="${name}" value="${value ?? ''}" placeholder="${placeholder}" autocomplete="off" spellcheck="false"></label>`;
}

function choice(name: string, label: string, options: readonly string[], chosen: string | undefined): Markup {
  return html`<label>${label} <select name="${name}"><option value="">any</option>${options.map(
    (option) => html`<option${option === chosen ? ' selected' : ''}>${option}</option>`,
  )}</select></label>`;
}

/** As a field for a time holds it; what is read from it is UTC. */
const localOf = (time: Date) => time.toISOString().slice(0, 19);

function card(told: Told, { from, to }: SessionFilter, now: Date): Markup {
  const { session, principal, agents, connections, verbs: used, first_at, last_at } = told;
  return html`<li class="card"><a href="/sessions/${sessionSegment(session)}?${queryOf({ principal, from, to })}">
<span class="card-title">${shown(principal)}</span>
<span class="preview">${shown(session)}</span></a>
<p class="lead">${countTag(told.operations, 'operation', '')}${countTag(told.failed, 'failed', 'denied')}${countTag(told.refused, 'refused', 'pending')}${countTag(told.not_known, 'not known', 'denied')}
${agents.length === 0 ? '' : html`<span class="quiet">${shown(agents.join(', '))}</span> `}<span class="quiet">${used.join(', ')} on ${shown(connections.join(', ') || 'nothing')} · ${told.rows_returned.toLocaleString('en')} rows</span></p>
<p class="quiet">${shownTime(last_at, now)} · ${spanOf(first_at, last_at)}</p></li>`;
}

function countTag(count: number, what: string, kind: string): Markup {
  if (count === 0) return html``;
  return html`<span class="tag ${kind}">${count.toLocaleString('en')} ${what}${what === 'operation' && count !== 1 ? 's' : ''}</span> `;
}

function spanOf(first: string, last: string): string {
  const seconds = Math.round((Date.parse(last) - Date.parse(first)) / 1000);
  if (seconds < 1) return 'one moment';
  return seconds < 120 ? `over ${seconds} s` : `over ${Math.round(seconds / 60)} min`;
}

export function queryOf(fields: Record<string, string | Date | undefined>): string {
  const given = Object.entries(fields).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value instanceof Date ? value.toISOString() : value]],
  );
  return new URLSearchParams(given).toString();
}
