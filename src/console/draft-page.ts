import { html } from 'hono/html';
import type { Problem } from '../model/problem.ts';
import { type DiffLine, shownDiff } from './diff.ts';
import { type Markup, shown } from './shown.ts';
import { simulationView } from './simulation-view.ts';
import type { SimulationAnswer } from './simulations.ts';

/** What came of a draft that was tried: what is wrong with it, or what it would change. */
type Tried = { problem: Problem } | { diff: readonly DiffLine[] | undefined; answer: SimulationAnswer };

type Draft = { text: string; csrf: string; now: Date; tried?: Tried | undefined };

/** One document and the form that changes it, once its author has seen what that would do. */
export function documentPage(
  { kind, name, etag }: { kind: string; name: string; etag: string | undefined },
  draft: Draft,
): Markup {
  return html`<p class="crumb"><a href="/documents">Documents</a></p>
<h1>${shown(`${kind}/${name}`)}</h1>
<p class="lead"><a href="/history/${kind}/${name}">History</a> ${etag === undefined ? html`<span class="tag pending">does not exist yet</span>` : ''}</p>
${triedView(draft)}
<form class="decide" method="post" action="/documents/${kind}/${name}" aria-labelledby="edit">
<h2 id="edit">${draft.tried === undefined ? 'The document' : 'Your draft'}</h2>
<input type="hidden" name="csrf" value="${draft.csrf}">
<input type="hidden" name="etag" value="${etag ?? ''}">
${draftField(draft.text, 'As YAML. Nothing is changed before you save it.')}
<div class="buttons">
<button name="act" value="simulate">See what would change</button>
<button class="approve" name="act" value="save">Save</button>
</div>
</form>`;
}

/** Several documents at once, tried against what was recorded. Nothing is saved from here. */
export function simulatePage(draft: Draft & { from: string; to: string }): Markup {
  return html`<h1>Simulate</h1>
<p class="quiet">What recorded operations would have come to under other documents. Nothing is changed from here.</p>
${triedView(draft)}
<form class="decide" method="post" action="/simulate" aria-labelledby="draft-title">
<h2 id="draft-title">Draft</h2>
<input type="hidden" name="csrf" value="${draft.csrf}">
<div class="period">
<label>From (UTC) <input type="date" name="from" value="${draft.from}" required></label>
<label>To, not included <input type="date" name="to" value="${draft.to}" required></label>
</div>
${draftField(draft.text, 'As YAML: by kind and name, such as “policies:”, below it a name, below that the document. A name with null is a document that would be gone.')}
<div class="buttons"><button class="approve">See what would change</button></div>
</form>`;
}

function draftField(text: string, help: string): Markup {
  return html`<label for="draft">Draft</label>
<p class="quiet" id="draft-help">${help}</p>
<textarea id="draft" name="draft" class="code" rows="16" spellcheck="false" autocomplete="off" maxlength="60000" required aria-describedby="draft-help">${text}</textarea>`;
}

function triedView({ tried, now }: Draft): Markup {
  if (tried === undefined) return html``;
  if ('problem' in tried)
    return html`<p class="alert" role="alert">${tried.problem.message} ${tried.problem.detail === undefined ? '' : shown(tried.problem.detail)}</p>`;
  return html`${
    tried.diff === undefined
      ? ''
      : html`<section aria-labelledby="difference"><h2 id="difference">Against what is in force</h2>${shownDiff(tried.diff)}</section>`
  }
${simulationView(tried.answer, now)}`;
}
