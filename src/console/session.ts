import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { CookieOptions } from 'hono/utils/cookie';
import type { Identity } from '../model/identity.ts';
import { Problem } from '../model/problem.ts';

/** A browser's ties to the console: no state is kept on our side. */
export type Session = {
  /**
   * The token that was pasted at the sign-in page; undefined where that is not how one comes in. It opens pages and may
   * read the API; to change anything there, a token has to be sent as such.
   */
  token(context: Context): string | undefined;
  signIn(context: Context, token: string, identity: Identity): void;
  signOut(context: Context): void;
  /** For a form of this identity; gives the browser its secret where it has none yet. */
  formToken(context: Context, identity: Identity): string;
  /** Refuses a form that did not come from a page of ours, shown to this identity in this browser. */
  checkForm(context: Context, identity: Identity, formToken: string): void;
  /**
   * Refuses a request that a page of another site made a browser send. Browsers say where every unsafe request comes from
   * (Fetch, 3.2); one that says nothing is no browser's, which a form must be and the API need not be.
   */
  checkOrigin(context: Context, from: 'browser' | 'anything'): void;
};

/** A cookie holds 4096 bytes at most (RFC 6265 §6.1). */
const mostToken = 3800;

/** Seconds after which one signs in again, however long the token is good. */
const workingDay = 8 * 3600;

export function createSession(options: { origin: string; tokenSignIn: boolean; now: () => Date }): Session {
  const secure = options.origin.startsWith('https:');
  const [tokenCookie, secretCookie] = ['sallyport-token', 'sallyport-browser'];
  const prefix = secure ? ({ prefix: 'host' } as const) : {};
  const attributes: CookieOptions = { ...prefix, httpOnly: true, sameSite: 'Strict', secure, path: '/' };
  const read = (context: Context, name: string) => getCookie(context, name, prefix.prefix);

  /** Of browsers that got theirs in the answer that is being made: a page may hold several forms. */
  const given = new WeakMap<Context, string>();

  function secretOf(context: Context): string | undefined {
    const secret = read(context, secretCookie);
    return secret !== undefined && /^[\w-]{43}$/.test(secret) ? secret : given.get(context);
  }

  function giveSecret(context: Context) {
    const secret = randomBytes(32).toString('base64url');
    given.set(context, secret);
    setCookie(context, secretCookie, secret, attributes);
    return secret;
  }

  return {
    token(context) {
      const { path, method } = context.req;
      const apiChange = path.startsWith('/api/') && method !== 'GET' && method !== 'HEAD';
      return options.tokenSignIn && !apiChange ? read(context, tokenCookie) : undefined;
    },
    signIn(context, token, identity) {
      if (token.length > mostToken) throw new Problem('too-large', { detail: 'The token is too long for a browser.' });
      const left = identity.expiresAt - Math.floor(options.now().getTime() / 1000);
      const maxAge = Math.min(Math.max(0, left), workingDay);
      setCookie(context, tokenCookie, token, { ...attributes, maxAge });
    },
    signOut(context) {
      for (const name of [tokenCookie, secretCookie]) deleteCookie(context, name, attributes);
    },
    formToken(context, identity) {
      return formTokenOf(secretOf(context) ?? giveSecret(context), identity);
    },
    checkForm(context, identity, formToken) {
      const secret = secretOf(context);
      if (secret === undefined || !areEqual(formToken, formTokenOf(secret, identity)))
        throw new Problem('denied', { detail: 'The page was too old. Open it again.', reason: 'csrf-token' });
    },
    checkOrigin(context, from) {
      const site = context.req.header('sec-fetch-site');
      const origin = context.req.header('origin');
      const silent = site === undefined && origin === undefined;
      if (silent ? from === 'anything' : isOurs(site, origin, options.origin)) return;
      throw new Problem('denied', {
        detail: 'The request does not come from a page of the console.',
        reason: 'csrf-origin',
      });
    },
  };
}

/** With a referrer policy of `no-referrer` browsers send `Origin: null` with their own forms; then the site must be said. */
function isOurs(site: string | undefined, origin: string | undefined, ours: string) {
  if (site === undefined) return origin === ours;
  return site === 'same-origin' && (origin === undefined || origin === 'null' || origin === ours);
}

/** Bound to the browser and to who is signed in there: of no use to anybody else. */
function formTokenOf(secret: string, { issuer, subject }: Identity) {
  return createHmac('sha256', secret)
    .update(JSON.stringify([issuer, subject]))
    .digest('base64url');
}

function areEqual(a: string, b: string) {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
