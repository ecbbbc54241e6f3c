import { html } from 'hono/html';
import type { Problem } from '../model/problem.ts';
import type { Markup } from './shown.ts';

/** For a laptop: whoever holds a token pastes it. */
export function signInPage({ to, problem }: { to: string; problem?: Problem }): Markup {
  return html`<h1>Sign in</h1>
${problem === undefined ? '' : html`<p class="alert" role="alert">${problem.message}</p>`}
<form class="decide" method="post" action="/sign-in">
<input type="hidden" name="to" value="${to}">
<label for="token">ID token</label>
<p class="quiet" id="token-help">Of your identity provider. It is kept in this browser until it expires, and nowhere else.</p>
<input id="token" name="token" type="password" required autocomplete="off" spellcheck="false" aria-describedby="token-help" autofocus>
<div class="buttons"><button class="approve">Sign in</button></div>
</form>`;
}

/** What went wrong, and where to go from there. */
export function problemPage(problem: Problem): Markup {
  return html`<h1>${problem.message}</h1>
${problem.detail === undefined ? '' : html`<p class="lead">${problem.detail}</p>`}
<p><a href="${problem.approval === undefined ? '/approvals' : `/approvals/${problem.approval}`}">Look again</a></p>
<p class="quiet">${problem.status} <code>${problem.code}</code></p>`;
}
