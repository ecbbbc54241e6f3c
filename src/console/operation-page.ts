import { html } from 'hono/html';
import { endForm } from './live-page.ts';
import { bodyView, liveView, sessionView } from './recorded-view.ts';
import { valueOfCell } from './recording-formats.ts';
import { type OperationSight, sessionSegment } from './replays.ts';
import { reveal } from './reveal.ts';
import { outcomeTag } from './session-page.ts';
import { queryOf } from './sessions-page.ts';
import { countOf, type Markup, shown, shownLines, shownTime } from './shown.ts';

type Told = OperationSight['operation'];

/** One operation: who asked what, what was decided, how it ended, and what the agent was sent. */
export function operationPage(
  { operation: told, recorded, live }: OperationSight,
  { now, csrf }: { now: Date; csrf: string },
): Markup {
  return html`<p class="crumb">${sessionLink(told)}</p>
<h1>${shown(told.principal?.member ?? 'Nobody known')} asked to ${told.verb ?? 'do something'} on ${shown(told.connection ?? 'no connection')}</h1>
<p class="lead">${outcomeTag(told.outcome)} ${told.risks.map((risk) => html`<span class="tag risk">${risk}</span> `)}${shownTime(told.asked_at, now)}</p>
${told.why === null ? '' : html`<p class="notice">${shown(told.why)}</p>`}
${live === undefined ? '' : endForm(live, { csrf, now })}
<section aria-labelledby="statement"><h2 id="statement">Statement</h2>
<p class="quiet">As it is in the trail: literals that may be classified are sealed. ${told.statement === null ? '' : countOf(told.statement)}</p>
${told.statement === null ? html`<p class="empty">None was recorded.</p>` : shownLines(reveal(told.statement))}
${told.parameters === null || told.parameters === '[]' ? '' : html`<p>Parameters: <code>${shown(told.parameters)}</code></p>`}
</section>
<section aria-labelledby="result"><h2 id="result">What the agent was sent</h2>${live === undefined ? resultOf(told, recorded) : liveView(live.running, recorded)}</section>
<section aria-labelledby="decision"><h2 id="decision">Decision</h2>${facts(decisionFacts(told))}</section>
<section aria-labelledby="steps"><h2 id="steps">What happened</h2>
<ol class="timeline">${told.steps.map(
    ({ time, type, by, chain, seq, note }) =>
      html`<li><span class="card-title">${type.replaceAll('_', ' ')}</span> <span class="quiet">${shownTime(time, now)}</span>
<p class="quiet">${by === null ? '' : html`by ${shown(by)} · `}<code>${chain}</code> ${seq}${note === null ? '' : html` · ${shown(note.slice(0, 300))}`}</p></li>`,
  )}</ol></section>
<section aria-labelledby="more"><h2 id="more">Who, and how</h2>${facts(otherFacts(told))}</section>`;
}

function sessionLink({ session, principal, asked_at }: Told): Markup {
  if (session === null) return html`<a href="/sessions">Sessions</a>`;
  const day = 24 * 3600 * 1000;
  const asked = Date.parse(asked_at);
  const period = { from: new Date(asked - day), to: new Date(asked + day) };
  const query = queryOf({ principal: principal?.member, ...period });
  return html`<a href="/sessions">Sessions</a> › <a href="/sessions/${sessionSegment(session)}?${query}">${shown(session)}</a>`;
}

/** More rows than these are in the downloads and not on the page. */
const mostRows = 200;
const mostOfCell = 1000;

function resultOf({ operation, findings, masks }: Told, recorded: OperationSight['recorded']): Markup {
  const { state, faults, truncated, columns, rows, session, body } = recorded;
  if (state === 'unrecorded' || state === 'expired') return html`<p class="notice">${faults.join(' ')}</p>`;
  const inRows = `${rows.length.toLocaleString('en')} ${rows.length === 1 ? 'row' : 'rows'}${rows.length > mostRows ? `, of which the first ${mostRows} are shown` : ''}`;
  const extent = session !== undefined ? 'A session' : body !== undefined ? 'An HTTP answer' : inRows;
  const download = (format: string) => `/api/operations/${operation}/recording?format=${format}`;
  return html`${
    state === 'intact'
      ? html`<p class="quiet">${extent}. Its hash is the one that the outcome in the chain says.</p>`
      : html`<div class="alert" role="alert"><strong>${state === 'missing' ? 'A part of this recording is missing.' : 'This is not what was recorded.'}</strong><ul>${faults.map((fault) => html`<li>${fault}</li>`)}</ul></div>`
  }
${truncated ? html`<p class="notice">The answer was longer than what is kept of one: this is its beginning.</p>` : ''}
${findings.length === 0 ? '' : html`<p class="notice">Detectors masked ${findings.map(({ class: name, count }) => html`${count} × <code>${shown(name)}</code> `)}in what is not classified.</p>`}
${session !== undefined ? sessionView(session, download('cast')) : body !== undefined ? bodyView(body) : columns.length === 0 ? html`<p class="empty">It returned no rows.</p>` : table(columns, rows)}
${masks.length === 0 || columns.length === 0 ? '' : html`<p class="quiet">Marked columns were masked before they left the target, or by the gateway.</p>`}
<p class="lead">${session !== undefined ? html`<a href="${download('cast')}">asciicast</a>` : body !== undefined ? html`<a href="${download('ndjson')}">As it was kept</a>` : html`<a href="${download('csv')}">CSV</a> · <a href="${download('ndjson')}">NDJSON</a>`} · <a href="${download('json')}">JSON</a></p>`;
}

function table(columns: OperationSight['recorded']['columns'], rows: OperationSight['recorded']['rows']): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Result"><table class="result">
<thead><tr>${columns.map(({ name, type, masked }) => html`<th scope="col">${shown(name)}<br><span class="quiet">${shown(type)}</span>${masked === undefined ? '' : html`<br><span class="tag masked">masked: ${shown(masked)}</span>`}</th>`)}</tr></thead>
<tbody>${rows
    .slice(0, mostRows)
    .map(
      (row) => html`<tr>${row.map((cell, index) => cellOf(cell, columns[index]?.masked !== undefined))}</tr>`,
    )}</tbody></table></div>`;
}

function cellOf(cell: string, masked: boolean): Markup {
  const value = valueOfCell(cell);
  const text = value === null ? 'null' : String(value);
  const cut = [...text.slice(0, 2 * mostOfCell)].slice(0, mostOfCell).join('');
  const content = value === null ? html`<span class="quiet">null</span>` : shown(cut);
  const rest = cut.length < text.length ? html` <span class="quiet">… (${text.length} characters)</span>` : '';
  return html`<td class="${masked ? 'masked' : typeof value === 'number' ? 'number' : ''}">${content}${rest}</td>`;
}

type Fact = readonly [name: string, value: Markup | string];

const facts = (rows: readonly Fact[]): Markup =>
  html`<dl>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;

const list = (texts: readonly string[], none: string): Markup =>
  texts.length === 0
    ? html`<span class="quiet">${none}</span>`
    : html`<ul class="plain">${texts.map((text) => html`<li><code>${shown(text)}</code></li>`)}</ul>`;

/** The day on which it was asked, for a question of the evidence. */
function dayOf({ asked_at }: Told) {
  const day = asked_at.slice(0, 10);
  return { from: day, to: new Date(Date.parse(day) + 24 * 3600 * 1000).toISOString().slice(0, 10) };
}

function decisionFacts(told: Told): Fact[] {
  const { decision, approval, masks, protection } = told;
  return [
    ['Effect', decision?.effect ?? html`<span class="quiet">it was refused before policy was asked</span>`],
    ['Policies', list(decision?.policies ?? [], 'none')],
    ['Policy version', html`<code>${shown(decision?.policy_version ?? '')}</code>`],
    ...((decision?.overridden.length ?? 0) > 0
      ? [['Lifted guards', list(decision?.overridden ?? [], '')] as const]
      : []),
    ['In the clear', list(decision?.unmask ?? [], 'nothing classified')],
    [
      'Masked',
      list(
        masks.map(({ resource, class: name, transform }) => `${resource}: ${name} (${transform})`),
        'nothing',
      ),
    ],
    ...(protection === null ? [] : [['Protection', protection] as const]),
    ...(approval === null
      ? []
      : [
          [
            'Approval',
            html`<a href="/approvals/${approval.id}">${approval.id}</a> <span class="quiet">opens for those whom it concerns;</span> <a href="/evidence/approvals?${queryOf(dayOf(told))}">was exactly this approved?</a><br>asked by ${shown(approval.requester)}${approval.approvers.map((approver) => html`<br>approved by ${shown(approver)}`)}${approval.decided_at === null ? '' : html`<br><span class="quiet">${approval.decided_at}</span>`}${approval.reason === null ? '' : html`<blockquote>${shown(approval.reason)}</blockquote>`}`,
          ] as const,
        ]),
  ];
}

function otherFacts(told: Told): Fact[] {
  const { principal, agent, result, credential, duration_ms: spent, recording } = told;
  const known = agent === null ? [] : [agent.name, agent.version, agent.model].filter((part) => part !== null);
  const ms = (time: number) => `${Math.round(time)} ms`;
  return [
    [
      'Identity',
      html`${shown(principal?.member ?? '')}<br><span class="quiet">${shown(principal?.issuer ?? '')} · ${shown(principal?.subject ?? '')}</span>`,
    ],
    [
      'Agent',
      html`${shown(known.join(' · ') || 'not said')} <span class="tag">${agent?.attested ? 'attested by the token' : 'self-reported'}</span>`,
    ],
    [
      'In its own words',
      agent?.reason ? html`<q>${shown(agent.reason)}</q>` : html`<span class="quiet">no reason was given</span>`,
    ],
    ['Touches', list(told.resources, 'nothing')],
    [
      'Credential',
      credential === null
        ? html`<span class="quiet">none was used</span>`
        : html`<code>${shown(credential.secret)}</code>, version ${shown(credential.version)}`,
    ],
    [
      'Took',
      spent === null
        ? ''
        : `${ms(spent.total)} in all: ${ms(spent.target)} at the target, ${ms(spent.audit)} for the trail, ${ms(spent.queue)} for a human`,
    ],
    [
      'Answer',
      result === null
        ? ''
        : html`${result.rows ?? 0} rows${result.affected === null ? '' : `, ${result.affected} changed`}${result.truncated ? ', truncated by limits' : ''}${result.error_code === null ? '' : html` <code>${shown(result.error_code)}</code>`}`,
    ],
    ['Operation', html`<code>${told.operation}</code>`],
    ['SHA-256 of the statement', html`<code>${shown(told.statement_sha256 ?? '')}</code>`],
    [
      'Recording',
      recording === null
        ? html`<span class="quiet">none</span>`
        : html`${recording.bytes.toLocaleString('en')} bytes in ${recording.chunks} ${recording.chunks === 1 ? 'chunk' : 'chunks'}, SHA-256 <code>${shown(recording.sha256)}</code>`,
    ],
  ];
}
