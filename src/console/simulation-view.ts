import { html } from 'hono/html';
import type { Difference, Outcome, Sample } from '../model/simulation.ts';
import { type Markup, shown, shownTime } from './shown.ts';
import type { SimulationAnswer } from './simulations.ts';

const titles: Record<Difference, string> = {
  'allowed-to-denied': 'would be denied',
  'denied-to-allowed': 'would be allowed',
  'approval-needed': 'would need an approval',
  'approval-not-needed': 'would need no approval any more',
  'approvers-changed': 'would ask other approvers',
  'masks-changed': 'would show other classes in the clear',
};

const count = (number: number) => `${number.toLocaleString('en')} ${number === 1 ? 'operation' : 'operations'}`;

/** What recorded operations would have come to under a draft. */
export function simulationView(answer: SimulationAnswer, now: Date): Markup {
  const { operations, changed, unchanged, undecidable, groups, reasons, from, to, truncated } = answer;
  return html`<section aria-labelledby="simulated"><h2 id="simulated">What would change</h2>
<p class="${changed + undecidable > 0 ? 'alert' : 'notice'}" role="status">Of ${count(operations)} from ${from.slice(0, 10)} to ${to.slice(0, 10)}:
<strong>${changed.toLocaleString('en')} would change</strong>, ${unchanged.toLocaleString('en')} would not, ${undecidable.toLocaleString('en')} cannot be told.
${truncated ? 'There were more in the period; the newest were taken.' : ''}</p>
${groups.map(({ difference, count: many, samples }) => group(`${count(many)} ${titles[difference]}`, many, samples, now))}
${reasons.map(({ why, count: many, samples }) => group(html`${count(many)} cannot be told: ${shown(why)}`, many, samples, now))}
</section>`;
}

function group(title: string | Markup, many: number, samples: readonly Sample[], now: Date): Markup {
  return html`<details open><summary>${title}</summary><ul class="cards">${samples.map((sample) => sampleOf(sample, now))}</ul>
${many > samples.length ? html`<p class="quiet">… and ${(many - samples.length).toLocaleString('en')} more</p>` : ''}</details>`;
}

function sampleOf(
  { time, principal, verb, resources, connection, operation, before, after }: Sample,
  now: Date,
): Markup {
  return html`<li class="card"><span class="card-title">${shown(principal)} · ${verb ?? 'something'} on ${shown(connection)}</span>
${resources.map((resource) => html`<code>${shown(resource)}</code> `)}
<p class="quiet">${shownTime(time, now)} · <code>${operation ?? ''}</code></p>
<ul class="diff"><li class="out"><del><span class="side">−</span>${outcomeOf(before)}</del></li>
${after === null ? '' : html`<li class="put"><ins><span class="side">+</span>${outcomeOf(after)}</ins></li>`}</ul></li>`;
}

function outcomeOf({ effect, policies, requirements, unmask, reason }: Outcome): Markup {
  if (effect === 'deny') return html`denied: ${shown(reason ?? 'no reason is recorded')}`;
  const asks = [...new Set(requirements.map(({ approvers, count }) => `${count} of ${approvers.join(', ')}`))];
  return html`allowed by ${shown(policies.join(', '))}${asks.length > 0 ? html`, after approval by ${shown(asks.join(' and '))}` : ''}${unmask.length > 0 ? html`, with ${shown(unmask.join(', '))} in the clear` : ''}`;
}
