import { html } from 'hono/html';
import type { ChangedDocument } from '../evidence/evidence.ts';
import { type Diff, shownDiff } from './diff.ts';
import { type Markup, shown, shownTime } from './shown.ts';

export type HistoryOptions = { diff: Diff; now: Date; author: boolean };

/** What became of one document, or of all, the newest change first. */
export function historyPage(
  place: { kind: string; name: string } | undefined,
  changes: readonly ChangedDocument[],
  { diff, now, author }: HistoryOptions,
): Markup {
  const title = place === undefined ? 'History' : `${place.kind}/${place.name}`;
  return html`${place === undefined ? '' : html`<p class="crumb"><a href="/history">History</a></p>`}
<h1>${shown(title)}</h1>
<p class="quiet">Every change of ${place === undefined ? 'the documents' : 'the document'} in the audit trail, the newest first.
It is in force from the first decision of a gateway under it.</p>
${place !== undefined && author ? html`<p><a href="/documents/${place.kind}/${place.name}">Change it</a></p>` : ''}
${changes.length === 0 ? html`<p class="empty">No change is recorded.</p>` : ''}
${changes.map((change, index) => changeOf(change, `change-${index}`, diff, now))}`;
}

const tags = { created: 'approved', changed: 'pending', removed: 'denied' } as const;

function changeOf(change: ChangedDocument, id: string, diff: Diff, now: Date): Markup {
  const { kind, name, author, time, outcome, source, event_id, policy_version } = change;
  return html`<section aria-labelledby="${id}"><h2 id="${id}"><a href="/history/${kind}/${name}">${shown(`${kind}/${name}`)}</a></h2>
<p class="lead"><span class="tag ${tags[change.change]}">${change.change}</span>
${outcome === 'made' ? '' : html`<span class="tag denied">${outcome}</span>`}
${author === null ? html`<span class="tag risk">outside the console</span>` : html`by ${shown(author)}`} ${shownTime(time, now)}</p>
<p>${forceOf(change, now)}</p>
${omittedOf(change)}
${shownDiff(diff(change.before, change.after))}
<p class="quiet">Event <code>${event_id}</code>${source === 'outside' ? ', told by a keeper' : ''} · policy version <code>${policy_version.slice(0, 12)}</code></p>
</section>`;
}

/** A document that no event can hold is told by its hash. */
function omittedOf({ before, after, before_sha256, after_sha256 }: ChangedDocument): Markup {
  const isWhole = (before === null) === (before_sha256 === null) && (after === null) === (after_sha256 === null);
  if (isWhole) return html``;
  return html`<p class="notice">The document is too large for the trail. SHA-256 before: <code>${before_sha256 ?? 'none'}</code>, after: <code>${after_sha256 ?? 'none'}</code></p>`;
}

function forceOf(
  { outcome, in_force_from: from, in_force_to: to, in_force_by: by }: ChangedDocument,
  now: Date,
): Markup {
  if (outcome === 'not made' || from === null) return html`It was not made.`;
  const since =
    by === 'decision'
      ? html`In force from ${shownTime(from, now)}`
      : html`Written ${shownTime(from, now)}; nothing was decided under it yet`;
  return html`${outcome === 'not known' ? 'It is not known whether it was made. If so: ' : ''}${since}${to === null ? '.' : html`, to ${shownTime(to, now)}.`}`;
}
