import { html } from 'hono/html';
import type { EvidenceAnswer, EvidenceAnswers } from './evidence-answers.ts';
import { type Markup, shown } from './shown.ts';

type Question = EvidenceAnswers['questions'][number];

/** The questions an auditor may ask, by what they are about. */
export function questionsPage(themes: EvidenceAnswers['themes']): Markup {
  return html`<h1>Evidence</h1>
<p class="quiet">Each answer is a query over the audit trail in BigQuery; each reading of one is in the trail too.</p>
${themes.map(
  ({ title, questions }, index) => html`<section aria-labelledby="theme-${index}"><h2 id="theme-${index}">${title}</h2>
<ul class="cards">${questions.map(questionCard)}</ul></section>`,
)}`;
}

function questionCard({ name, question, criteria }: Question): Markup {
  return html`<li class="card"><a href="/evidence/${name}"><span class="card-title">${question}</span></a>
<p class="lead"><code>${name}</code> ${criteria.map((one) => html`<span class="tag">${one}</span> `)}</p></li>`;
}

/** More rows than these are in the CSV and not on the page. */
const mostRows = 500;

/** One question with its answer, what it was made of, and the form that asks it again. */
export function answerPage(answer: EvidenceAnswer, asked: Question | undefined): Markup {
  const { name, question, criteria, columns, rows } = answer;
  const query = new URLSearchParams(
    Object.entries(answer.parameters).map(([key, value]): [string, string] => [key, String(value)]),
  );
  const meanings = new Map(asked?.columns);
  return html`<p class="crumb"><a href="/evidence">Evidence</a></p>
<h1>${question}</h1>
<p class="lead"><code>${name}</code> ${criteria.map((one) => html`<span class="tag">${one}</span> `)}</p>
<form class="period" method="get" action="/evidence/${name}">
${Object.keys(answer.parameters).map((parameter) => fieldFor(parameter, answer))}
<button>Show</button>
<a href="/api/evidence/${name}?${query.toString()}&amp;format=csv">CSV</a>
<a href="/api/evidence/${name}?${query.toString()}&amp;format=json">JSON</a>
</form>
<p class="quiet">${rows.length} ${rows.length === 1 ? 'row' : 'rows'}${rows.length > mostRows ? `, of which the first ${mostRows} are shown` : ''}.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Rows"><table>
<thead><tr>${columns.map((column) => html`<th scope="col" title="${meanings.get(column) ?? ''}">${shown(column)}</th>`)}</tr></thead>
<tbody>${rows.slice(0, mostRows).map((row) => html`<tr>${row.map((value) => html`<td>${shown(textOf(value))}</td>`)}</tr>`)}</tbody>
</table></div>
${reliance(answer)}
${meanings.size === 0 ? '' : html`<details><summary>What the columns mean</summary><dl>${[...meanings].map(([column, meaning]) => html`<dt><code>${column}</code></dt><dd>${meaning}</dd>`)}</dl></details>`}`;
}

function fieldFor(parameter: string, { parameters, to }: EvidenceAnswer): Markup {
  const value = String(parameters[parameter] ?? '');
  switch (parameter) {
    case 'from':
      return html`<label>From (UTC) <input type="date" name="from" value="${value.slice(0, 10)}" required></label>`;
    case 'to':
      return html`<label>To, not included <input type="date" name="to" value="${dayAfter(to)}" required></label>`;
    case 'as_of':
      return html`<label>As of the beginning of (UTC) <input type="date" name="as_of" value="${dayAfter(value)}" required></label>`;
    case 'n':
      return html`<label>How many <input type="number" name="n" min="1" max="1000" value="${value}" required></label>`;
    default:
      return html`<label>${parameter} <input type="text" name="${parameter}" maxlength="100" value="${value}" required></label>`;
  }
}

const statuses = {
  whole: 'whole: no chain has a gap within the period',
  gaps: 'NOT WHOLE: sequence numbers are missing',
  empty: 'no event in the period',
};

/** What makes an answer evidence: the population it was drawn from, and the exact query. */
function reliance({ population, parameters, sql_sha256, rows }: EvidenceAnswer): Markup {
  const { status, events, chains, first_at, last_at, missing } = population;
  return html`<details class="reliance" ${status === 'gaps' ? 'open' : ''}><summary>Population: ${events} events of ${chains.length} chains, ${statuses[status]}</summary>
<dl>
<dt>Query</dt><dd><code>${sql_sha256}</code> (SHA-256 of its text)</dd>
<dt>Parameters</dt><dd>${Object.entries(parameters).map(([key, value]) => html`<code>${key}</code> ${shown(String(value))} `)}</dd>
<dt>Rows</dt><dd>${rows.length}</dd>
<dt>First and last event</dt><dd>${first_at ?? '–'} to ${last_at ?? '–'}</dd>
<dt>Missing</dt><dd>${missing}</dd>
</dl>
${chains.length === 0 ? '' : chainsTable(population)}
<p class="quiet">Ask <a href="/evidence/completeness">completeness</a> for what lies at the ends of the period, and <code>sallyport verify</code> for hashes and signatures.</p></details>`;
}

/** Chains on the page; all are in the JSON. */
const mostChains = 50;

function chainsTable({ chains }: EvidenceAnswer['population']): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Chains"><table>
<thead><tr><th scope="col">chain</th><th scope="col">first</th><th scope="col">last</th><th scope="col">events</th><th scope="col">missing</th></tr></thead>
<tbody>${chains
    .slice(0, mostChains)
    .map(
      ({ chain, first_seq, last_seq, events, missing }) =>
        html`<tr><td>${shown(chain)}</td><td>${first_seq}</td><td>${last_seq}</td><td>${events}</td><td>${missing}</td></tr>`,
    )}</tbody>
</table></div>`;
}

/** A period ends before its end, so the form names the day after its last. */
function dayAfter(to: string) {
  const day = to.slice(0, 10);
  return to === `${day}T00:00:00.000Z` ? day : new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
}

function textOf(value: unknown) {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
