import { html } from 'hono/html';
import type { OperationSight, SessionSight } from './replays.ts';
import { sessionSegment } from './replays.ts';
import { queryOf } from './sessions-page.ts';
import { type Markup, shown, shownTime } from './shown.ts';

type Told = OperationSight['operation'];

/** One session: its operations in the order in which they began. */
export function sessionPage(sight: SessionSight, now: Date): Markup {
  const { session, principal, from, to, operations, next } = sight;
  const callers = [...new Set(operations.map((operation) => operation.principal?.member ?? 'nobody known'))];
  const path = `/sessions/${sessionSegment(session)}`;
  return html`<p class="crumb"><a href="/sessions?${queryOf({ from, to })}">Sessions</a></p>
<h1>${shown(session)}</h1>
<p class="lead">${callers.map((caller) => html`${shown(caller)} `)}</p>
<p class="quiet">From ${from.toISOString()} to ${to.toISOString()}</p>
${
  callers.length > 1
    ? html`<div class="alert" role="alert"><strong>${callers.length} identities used this name.</strong> It does not say who: look at each operation. <ul>${callers.map((caller) => html`<li><a href="${path}?${queryOf({ principal: caller, from, to })}">only ${shown(caller)}</a></li>`)}</ul></div>`
    : ''
}
${operations.length === 0 ? html`<p class="empty">Nothing was asked within the period.</p>` : html`<ol class="timeline">${operations.map((operation) => entry(operation, callers.length > 1, now))}</ol>`}
${next === undefined ? '' : html`<p><a href="${path}?${queryOf({ principal, from, to, after: next })}">Later operations</a></p>`}`;
}

const preview = 240;

function entry(told: Told, withCaller: boolean, now: Date): Markup {
  const statement = (told.statement ?? '').replaceAll('\n', ' ');
  const beginning = [...statement].slice(0, preview).join('');
  return html`<li class="${toneOf(told.outcome)}"><a href="/operations/${told.operation}"><span class="card-title">${told.verb ?? 'a request'} on ${shown(told.connection ?? 'no connection')}</span>
<code class="preview">${shown(beginning)}${beginning.length < statement.length ? ' …' : ''}</code></a>
<p class="lead">${outcomeTag(told.outcome)} ${told.risks.map((risk) => html`<span class="tag risk">${risk}</span> `)}${maskTag(told)}${told.approval === null ? '' : html`<span class="tag">approval</span> `}
<span class="quiet">${extentOf(told)}</span></p>
${told.why === null || told.outcome === 'completed' ? '' : html`<p class="quiet">${shown(told.why)}</p>`}
${withCaller ? html`<p class="quiet">by ${shown(told.principal?.member ?? 'nobody known')}</p>` : ''}
<p class="quiet">${shownTime(told.asked_at, now)}</p></li>`;
}

const tones: Record<string, string> = {
  completed: 'approved',
  ...{ failed: 'denied', unknown: 'denied', denied: 'denied', refused: 'denied' },
  ...{ held: 'pending', running: 'pending', expired: 'pending' },
};
const toneOf = (outcome: string) => tones[outcome] ?? '';

export const outcomeTag = (outcome: string): Markup => html`<span class="tag ${toneOf(outcome)}">${outcome}</span>`;

function maskTag({ masks, decision }: Told): Markup {
  const clear = decision?.unmask ?? [];
  return html`${masks.length === 0 ? '' : html`<span class="tag">${masks.length} masked</span> `}${clear.length === 0 ? '' : html`<span class="tag risk">in the clear: ${shown(clear.join(', '))}</span> `}`;
}

/** `3 rows, 2 changed · 12 ms`. */
function extentOf({ result, duration_ms }: Told): string {
  const rows = result?.rows ?? null;
  const affected = result?.affected ?? null;
  const parts = [
    rows === null || (rows === 0 && affected !== null)
      ? []
      : [`${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`],
    affected === null ? [] : [`${affected.toLocaleString('en')} changed`],
    result?.truncated ? ['truncated'] : [],
  ].flat();
  const time = duration_ms === null ? [] : [`${Math.round(duration_ms.total)} ms`];
  return [parts.join(', '), ...time].filter(Boolean).join(' · ');
}
