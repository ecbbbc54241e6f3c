import { html } from 'hono/html';
import type { StoredPolicyDocument } from '../connections/connections.ts';
import type { DocumentKind } from '../model/documents.ts';
import { type Markup, shown } from './shown.ts';

/** The documents in force, as they were authored. */
export function documentsPage(
  all: readonly { kind: DocumentKind; documents: readonly StoredPolicyDocument[] }[],
): Markup {
  return html`<h1>Documents</h1>
<p class="quiet">They are changed one by one here, or together with <code>sallyport policy apply</code>.
<a href="/simulate">Try a draft of several</a>, or look at <a href="/history">the history of all</a>.</p>
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
<p><a href="/documents/${kind}/${name}">Change</a> · <a href="/history/${kind}/${name}">History</a></p>
<pre>${shown(JSON.stringify(document, null, 2))}</pre></details>`,
)}</section>`,
)}`;
}
