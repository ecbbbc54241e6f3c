import { html } from 'hono/html';
import { type Approval, type Bound, boundSchema } from '../model/approval.ts';
import type { Sight } from './decisions.ts';
import { reveal } from './reveal.ts';
import { countOf, type Markup, shown, shownLines, shownTime, shownWarnings } from './shown.ts';

/** One approval: what exactly would be done, by whom, and the form that decides it. */
export function approvalPage({ approval, objection }: Sight, options: { csrf: string; now: Date }): Markup {
  const bound = boundSchema.parse(JSON.parse(approval.bound));
  const statement = reveal(bound.statement);
  const bytes = reveal(approval.bound);
  return html`
<p class="crumb"><a href="/approvals">Approvals</a></p>
<h1>${shown(approval.requester.email ?? approval.requester.member)} wants to ${bound.verb} on ${shown(bound.connection.name)}</h1>
<p class="lead">${stateTag(approval)} ${approval.risks.map((risk) => html`<span class="tag risk">${risk}</span> `)}
${approval.state === 'pending' ? html`expires ${shownTime(approval.expires_at, options.now)}` : ''}</p>
${decisionsMade(approval, options.now)}
${outcomeOf(approval)}
${shownWarnings(reveal(everythingOfOthers(approval)).warnings)}
<section aria-labelledby="what"><h2 id="what">What will be run</h2>
<p class="quiet">${countOf(bound.statement)}</p>
${shownLines(statement)}
${parametersOf(bound)}
</section>
${extentOf(approval, bound)}
<section aria-labelledby="who"><h2 id="who">Who asks, and where</h2>${facts(approval, bound, options.now)}</section>
<section aria-labelledby="needed"><h2 id="needed">Who must approve</h2>${requirements(approval)}</section>
${approval.state === 'pending' ? decisionOr(objection, approval, options.csrf) : ''}
<section aria-labelledby="bytes"><h2 id="bytes">The exact bytes that are approved</h2>
<p class="quiet">Canonical JSON (RFC 8785). What runs must give the same SHA-256, or it does not run.</p>
<p class="digest"><span class="quiet">SHA-256</span> <code>${approval.digest}</code></p>
${shownLines(bytes)}
</section>`;
}

/** All that an agent could have chosen the letters of. */
function everythingOfOthers({ bound, reason = '', agent, resources, estimates }: Approval) {
  return [
    estimates.plan ?? '',
    bound,
    reason,
    agent.name ?? '',
    agent.version ?? '',
    agent.model ?? '',
    ...resources,
  ].join('\n');
}

export function stateTag({ state }: Approval): Markup {
  return html`<span class="tag ${state}">${state}</span>`;
}

function decisionOr(objection: string | undefined, approval: Approval, csrf: string): Markup {
  return objection === undefined ? decisionForm(approval, csrf) : html`<p class="notice">${objection}</p>`;
}

/** What became of it, for whoever has just decided or comes back. */
function outcomeOf({ state, spent_by }: Approval): Markup {
  const outcomes: Record<Approval['state'], string> = {
    pending: '',
    approved: 'It runs once, when the agent sends the same request again before this expires.',
    denied: 'It will not run. The same request is refused until this expires.',
    expired: 'Its time is over. The agent may ask again.',
    spent: `It was used, by the operation ${spent_by ?? 'that asked'}. It cannot be used again.`,
  };
  return state === 'pending' ? html`` : html`<p class="notice" role="status">${outcomes[state]}</p>`;
}

function decisionForm({ id, digest }: Approval, csrf: string): Markup {
  return html`<form class="decide" method="post" action="/approvals/${id}/decision" aria-labelledby="decide">
<h2 id="decide">Your decision</h2>
<input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="digest" value="${digest}">
<label for="reason">Reason</label>
<p class="quiet" id="reason-help">It is kept in the audit trail, with your name.</p>
<textarea id="reason" name="reason" required maxlength="2000" rows="3" aria-describedby="reason-help"></textarea>
<div class="buttons">
<button class="approve" name="decision" value="approve">Approve</button>
<button class="deny" name="decision" value="deny">Deny</button>
</div>
</form>`;
}

function decisionsMade(approval: Approval, now: Date): Markup {
  if (approval.decisions.length === 0) return html``;
  return html`<ul class="decisions">${approval.decisions.map(
    ({ decision, approver, reason, decided_at }) => html`<li class="${decision}">
<strong>${shown(approver.email ?? approver.member)} ${decision === 'approve' ? 'approved' : 'denied'} it</strong> ${shownTime(decided_at, now)}
<blockquote>${shown(reason)}</blockquote></li>`,
  )}</ul>`;
}

/** How much it would change, as it was counted when it was asked, and the most that it may change if it is approved. */
function extentOf({ estimates, risks }: Approval, { at_most }: Bound): Markup {
  const { changes, plan } = estimates;
  if (changes === undefined && at_most === undefined && plan === undefined) return html``;
  const counted =
    changes === undefined
      ? html`It could not be counted how many rows it would change.`
      : html`It would have changed <strong>${count(changes)}</strong> when it was asked, by cascades too.`;
  const ceiling =
    at_most === undefined
      ? html`Nothing limits how many it may change.`
      : html`If approved, it changes <strong>at most ${count(at_most)}</strong>; were it more, everything is taken back.`;
  return html`<section aria-labelledby="extent"><h2 id="extent">How much it changes</h2>
<p class="${risks.includes('bulk') || at_most === undefined ? 'notice' : ''}">${counted} ${ceiling}</p>
${
  plan === undefined
    ? ''
    : html`<details><summary>How the target would go about it</summary>${shownLines(reveal(plan))}</details>`
}
</section>`;
}

const count = (rows: number) => `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`;

function facts(approval: Approval, bound: Bound, now: Date): Markup {
  const { requester, agent } = approval;
  const source = agent.attested ? 'attested by the token' : 'self-reported';
  const rows: [string, Markup][] = [
    [
      'Identity',
      html`${shown(requester.member)}<br><span class="quiet">${shown(bound.identity.issuer)} · ${shown(bound.identity.subject)}</span>`,
    ],
    [
      'Agent',
      html`${shown([agent.name, agent.version].filter(Boolean).join(' ') || 'not said')} <span class="tag">${source}</span>`,
    ],
    ['Model', html`${shown(agent.model ?? 'not said')} <span class="tag">${source}</span>`],
    ['Owner', approval.owner === undefined ? html`<span class="quiet">none is recorded</span>` : shown(approval.owner)],
    [
      'In its own words',
      approval.reason === undefined
        ? html`<span class="quiet">no reason was given</span>`
        : html`<q>${shown(approval.reason)}</q>`,
    ],
    ['Connection', html`${shown(bound.connection.name)} <span class="tag">${bound.kind}</span>`],
    ['Verb', html`${bound.verb}`],
    [
      'Touches',
      html`<ul class="plain">${approval.resources.map((resource) => html`<li><code>${shown(resource)}</code></li>`)}</ul>`,
    ],
    [
      'Shown in the clear',
      bound.unmask.length === 0
        ? html`nothing classified`
        : html`${bound.unmask.map((name) => html`<span class="tag risk">${shown(name)}</span> `)}`,
    ],
    ['Masked columns', html`${protections[approval.protection ?? 'none']}`],
    [
      'Limits',
      html`${
        Object.entries(bound.limits)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ') || 'those of the connection'
      }`,
    ],
    ['Asked', shownTime(approval.requested_at, now)],
    ['Expires', shownTime(approval.expires_at, now)],
    ['Operation', html`<code>${approval.operation}</code>`],
    ['Policy version', html`<code>${bound.policy_version}</code>`],
  ];
  return html`<dl>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

const protections = {
  proven: 'the target itself would refuse them to the gateway (proven)',
  rewritten: 'the gateway’s own login could read them; the statement is rewritten so that it does not (rewritten)',
  none: 'none',
} as const;

function requirements({ requirements: all }: Approval): Markup {
  return html`<ul class="plain">${all.map(
    ({ policy, approvers, count }) =>
      html`<li>${count} of ${approvers.map((approver, index) => html`${index > 0 ? ', ' : ''}<code>${shown(approver)}</code>`)}
<span class="quiet">by the policy ${shown(policy)}</span></li>`,
  )}</ul>`;
}

function parametersOf({ parameters }: Bound): Markup {
  if (parameters.length === 0) return html`<p class="quiet">No parameters.</p>`;
  return html`<div class="scroll"><table><caption>Parameters</caption>
<thead><tr><th scope="col">#</th><th scope="col">Type</th><th scope="col">Value</th></tr></thead>
<tbody>${parameters.map(
    (value, index) =>
      html`<tr><th scope="row">${index + 1}</th><td>${typeOf(value)}</td><td>${shownValue(typeof value === 'string' ? value : JSON.stringify(value))}</td></tr>`,
  )}</tbody></table></div>`;
}

function shownValue(text: string): Markup {
  return text.includes('\n') ? shownLines(reveal(text)) : html`<code>${shown(text)}</code>`;
}

function typeOf(value: unknown) {
  if (value === null) return 'null';
  if (typeof value === 'string') return `text, ${countOf(value)}`;
  return Array.isArray(value) ? 'list' : typeof value;
}
