import { html } from 'hono/html';
import type { ReviewedKind } from '../model/access-review.ts';
import type { Access, Standing } from './access-reviews.ts';
import { reveal } from './reveal.ts';
import { type Markup, shown, shownLines, shownTime } from './shown.ts';

const sections: readonly (readonly [ReviewedKind, string])[] = [
  ['groups', 'Members of groups'],
  ['policies', 'Policies'],
  ['agents', 'Agents'],
];

/** What waits for a review first. */
const order: readonly Standing[] = ['revoked', 'never', 'changed', 'overdue', 'reviewed'];

const words: Record<Standing, string> = {
  never: 'never reviewed',
  changed: 'changed since its review',
  overdue: 'reviewed too long ago',
  revoked: 'must go, still there',
  reviewed: 'reviewed',
};

/** Everything that gives somebody access, and the forms that keep or revoke it. */
export function reviewsPage(all: readonly Access[], options: { csrf: string; now: Date; author: boolean }): Markup {
  const due = all.filter(({ standing }) => standing !== 'reviewed').length;
  return html`<h1>Access reviews</h1>
<p class="quiet">${due === 0 ? 'Everything is reviewed.' : `${due} of ${all.length} wait for a review.`}
To revoke says that it must go; whoever edits the documents then takes it away.</p>
${sections.map(([kind, title]) => {
  const own = all.filter((access) => access.kind === kind);
  const sorted = own.toSorted((a, b) => order.indexOf(a.standing) - order.indexOf(b.standing));
  return html`<section aria-labelledby="${kind}"><h2 id="${kind}">${title}</h2>
${sorted.length === 0 ? html`<p class="empty">There are none.</p>` : html`<ul class="cards">${sorted.map((access) => card(access, options))}</ul>`}
</section>`;
})}`;
}

function card(access: Access, options: { csrf: string; now: Date; author: boolean }): Markup {
  const { name, member, owner, standing, last } = access;
  return html`<li class="card"><span class="card-title">${member === null ? shown(name) : html`${shown(member)} in ${shown(name)}`}</span>
<p class="lead"><span class="tag ${standing}">${words[standing]}</span>
${owner === undefined ? '' : html`<span class="quiet">owner ${shown(owner)}</span>`}</p>
${
  last === undefined
    ? ''
    : html`<p class="quiet">${last.decision === 'keep' ? 'Kept' : 'Revoked'} by ${shown(last.by.email ?? last.by.member)} ${shownTime(last.at, options.now)}: <q>${shown(last.reason)}</q></p>`
}
<details><summary>${options.author && access.objection === undefined ? 'Look and decide' : 'Look'}</summary>
${member === null ? shownLines(reveal(JSON.stringify(access.access, null, 2))) : ''}
${formOr(access, options)}
</details></li>`;
}

function formOr(
  { kind, name, member, etag, objection }: Access,
  { csrf, author }: { csrf: string; author: boolean },
): Markup {
  if (objection !== undefined) return html`<p class="notice">${objection}</p>`;
  if (!author) return html`<p class="notice">You may look at reviews; an administrator makes them.</p>`;
  const id = `reason-${kind}-${name}-${member ?? ''}`;
  return html`<form method="post" action="/reviews">
<input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="kind" value="${kind}">
<input type="hidden" name="name" value="${name}">
${member === null ? '' : html`<input type="hidden" name="member" value="${member}">`}
<input type="hidden" name="etag" value="${etag}">
<label for="${id}">Reason</label>
<input id="${id}" name="reason" required maxlength="2000">
<div class="buttons">
<button class="approve" name="decision" value="keep">Keep</button>
<button class="deny" name="decision" value="revoke">Revoke</button>
</div>
</form>`;
}
