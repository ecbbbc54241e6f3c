import type { Context } from 'hono';
import type { Audit } from '../audit/audit.ts';
import type { EventType } from '../model/audit-event.ts';
import type { Passage } from '../model/call.ts';
import type { Identity, Presented } from '../model/identity.ts';
import { asProblem, Problem, type ProblemCode } from '../model/problem.ts';
import type { Session } from './session.ts';
import type { Transport } from './transport.ts';

/** Somebody at the console, proven and human. */
export type Visit = {
  identity: Identity;
  /** Of this human, from the token and from the documents; without `group:`. */
  groups: readonly string[];
  /** Whether the browser adds the proof by itself (a cookie, IAP), so that another site could make it send a request. */
  ambient: boolean;
  /** The same human as of now, for what goes on. Throws where the token is not accepted any more. */
  again: () => Promise<Pick<Visit, 'groups'>>;
  /** Records what is done here; without it the visit is recorded as `console_access`. */
  note: (type: EventType, subject?: Partial<Passage>, options?: NoteOptions) => Promise<void>;
};

type NoteOptions = NonNullable<Parameters<Audit['note']>[2]>;

export type VisitDeps = {
  authenticate: (presented: Presented) => Promise<Identity>;
  groupsOf: (identity: Identity) => readonly string[];
  audit: Pick<Audit, 'note'>;
  session: Session;
  transport: Transport;
  /** What anybody may have written, with what detectors recognise in it sealed. */
  conceal: (text: string) => string;
};

/** Refusals that policy or a human made; all others are `refused`. As in the gateway's flow. */
const denials = new Set<ProblemCode>(['denied', 'approval-denied', 'masking-unprovable']);

/** `credentials`: read instead of those that the request itself carries. */
export type Visits = <T>(
  context: Context,
  act: (visit: Visit) => Promise<T>,
  credentials?: () => Promise<Presented>,
) => Promise<T>;

/**
 * Lets a human in and acts for them. Whoever comes and whatever is refused is in the trail before the answer leaves; if it
 * cannot be, the answer is `audit-unavailable`. Agents may do nothing here.
 */
export function createVisits({ authenticate, groupsOf, audit, session, transport, conceal }: VisitDeps): Visits {
  async function enter(context: Context, subject: Partial<Passage>, credentials: Parameters<Visits>[2]) {
    transport.refuseTokenInUrl(new URL(context.req.url));
    const presented =
      credentials === undefined ? presentedIn(context) : { credentials: await credentials(), ambient: false };
    const identity = await authenticate(presented.credentials);
    const groups = groupsOf(identity);
    Object.assign(subject, { identity, groups });
    if (identity.kind !== 'human')
      throw new Problem('denied', { detail: 'The console is for humans.', reason: 'console-not-human' });
    const again = async () => ({ groups: groupsOf(await authenticate(presented.credentials)) });
    return { identity, groups, ambient: presented.ambient, again };
  }

  function presentedIn(context: Context): { credentials: Presented; ambient: boolean } {
    const { bearer } = transport.readBearer(context.req.raw.headers);
    const iapAssertion = context.req.header('x-goog-iap-jwt-assertion');
    const token = bearer ?? session.token(context);
    return {
      credentials: {
        ...(token !== undefined && { bearer: token }),
        ...(iapAssertion !== undefined && { iapAssertion }),
      },
      ambient: bearer === undefined,
    };
  }

  /** Where somebody went, and what was asked for there. */
  function whatIn({ req }: Context): What {
    const asked = [...new URL(req.url).searchParams].map((pair) => pair.join('=')).join('&');
    const query = asked === '' ? {} : { query: conceal(asked.slice(0, most)) };
    return { method: req.method, path: conceal(decoded(req.path).slice(0, most)), ...query };
  }

  return async (context, act, credentials) => {
    const subject: Partial<Passage> = {};
    const what = whatIn(context);
    let told = false;
    try {
      const visitor = await enter(context, subject, credentials);
      const answer = await act({
        ...visitor,
        async note(type, more = {}, options = {}) {
          await audit.note(type, { ...subject, ...more }, options);
          told = true;
        },
      });
      if (!told) await audit.note('console_access', subject, { note: JSON.stringify(what) });
      return answer;
    } catch (thrown) {
      const problem = asProblem(thrown);
      const type = denials.has(problem.code) ? 'denied' : 'refused';
      await audit.note(type, { ...subject, problem }, subject.identity && { note: wordsOf(problem, what) });
      throw problem;
    }
  };
}

/** As it stands where it is not well-formed percent-encoding. */
function decoded(path: string) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Characters of an address that are kept. */
const most = 300;

type What = { method: string; path: string; query?: string };

/** What a known caller was refused. Of an unknown one only the reason is kept, so that many are counted as one. */
function wordsOf(problem: Problem, { method, path }: What) {
  return `${problem.reason ?? problem.code} at ${method} ${path}`;
}
