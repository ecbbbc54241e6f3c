import { html } from 'hono/html';
import type { StoredPolicyDocument } from '../connections/connections.ts';
import type { DocumentKind } from '../model/documents.ts';
import type { EvidenceAnswer, EvidenceSource } from './evidence-answers.ts';
import { type Markup, shown } from './shown.ts';

/** The questions an auditor may ask. */
export function questionsPage(questions: EvidenceSource['questions']): Markup {
  return html`<h1>Evidence</h1>
<ul class="cards">${questions.map(
    ({
      name,
      question,
      criteria,
    }) => html`<li class="card"><a href="/evidence/${name}"><span class="card-title">${question}</span></a>
<p class="lead"><code>${name}</code> ${criteria.map((one) => html`<span class="tag">${one}</span> `)}</p></li>`,
  )}</ul>`;
}

/** More rows than these are in the CSV and not on the page. */
const mostRows = 500;

/** One question with its answer, and the form that asks it for another period. */
export function answerPage({ name, question, from, to, columns, rows }: EvidenceAnswer): Markup {
  const period = new URLSearchParams({ from, to });
  return html`<p class="crumb"><a href="/evidence">Evidence</a></p>
<h1>${question}</h1>
<form class="period" method="get" action="/evidence/${name}">
<label>From (UTC) <input type="date" name="from" value="${from.slice(0, 10)}" required></label>
<label>To, not included <input type="date" name="to" value="${dayAfter(to)}" required></label>
<button>Show</button>
<a href="/api/evidence/${name}?${period.toString()}&amp;format=csv">Download as CSV</a>
</form>
<p class="quiet">${rows.length} ${rows.length === 1 ? 'row' : 'rows'} from ${from} to ${to}${rows.length > mostRows ? `, of which the first ${mostRows} are shown` : ''}.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Rows"><table>
<thead><tr>${columns.map((column) => html`<th scope="col">${shown(column)}</th>`)}</tr></thead>
<tbody>${rows.slice(0, mostRows).map((row) => html`<tr>${row.map((value) => html`<td>${shown(textOf(value))}</td>`)}</tr>`)}</tbody>
</table></div>`;
}

/** The documents in force, as they were authored. */
export function documentsPage(
  all: readonly { kind: DocumentKind; documents: readonly StoredPolicyDocument[] }[],
): Markup {
  return html`<h1>Documents</h1>
<p class="quiet">Read only. They are changed with <code>sallyport policy apply</code> or through the API.</p>
${all.map(
  ({ kind, documents }) => html`<section aria-labelledby="${kind}"><h2 id="${kind}">${kind}</h2>
${documents.length === 0 ? html`<p class="empty">There are none.</p>` : ''}
${documents.map(
  ({
    name,
    document,
    error,
  }) => html`<details><summary>${shown(name)} ${error === undefined ? '' : html`<span class="tag denied">does not parse</span>`}</summary>
${error === undefined ? '' : html`<p class="alert">${shown(error)}</p>`}
<pre>${shown(JSON.stringify(document, null, 2))}</pre></details>`,
)}</section>`,
)}`;
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
