import { html } from 'hono/html';
import { type Markup, shown } from './shown.ts';

export type Frame = {
  title: string;
  /** Who is signed in, and what to offer them. Undefined before that. */
  visitor?: { name: string; author: boolean; auditor: boolean; signOut?: string };
  body: Markup;
};

/** Every page: a header with the ways, and the body. Works without any script, as the pages have none. */
export function layout({ title, visitor, body }: Frame): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Sallyport</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/">Sallyport</a>
${visitor === undefined ? '' : navigation(visitor)}
</header>
<main id="main">${body}</main>
</body>
</html>`;
}

function navigation({ name, author, auditor, signOut }: NonNullable<Frame['visitor']>) {
  return html`<nav aria-label="Main">
<a href="/approvals">Approvals</a>
<a href="/live">Live</a>
${author ? html`<a href="/documents">Documents</a>` : ''}
${
  auditor
    ? html`<a href="/sessions">Sessions</a>
<a href="/evidence">Evidence</a>`
    : ''
}
${
  author || auditor
    ? html`<a href="/history">History</a>
<a href="/alerts">Alerts</a>
<a href="/reviews">Reviews</a>
<a href="/integrity">Integrity</a>`
    : ''
}
</nav>
<div class="who"><span>${shown(name)}</span>
${signOut === undefined ? '' : html`<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="${signOut}"><button class="plain">Sign out</button></form>`}
</div>`;
}
