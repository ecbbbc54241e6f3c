import type { Identity } from '../model/identity.ts';
import { Problem } from '../model/problem.ts';
import type { Clock } from './clock.ts';

/** Lets an identity in, or refuses with `rate-limited`: so many calls a minute, so many at once. Counted in each instance. */
export type Admission = {
  /** Returns the way out, to be called once the call has ended. */
  enter(identity: Identity): () => void;
  /** A place for what stays open, beside the calls: so many at once. Returns the way out, as `enter` does. */
  stay(identity: Identity): () => void;
};

type Visitor = { tokens: number; filledAt: number; inside: number; staying: number };

const MOST_VISITORS = 100_000;

/** A token bucket per identity: `perMinute` on average, bursts of as many; `atOnce` calls in flight, `openAtOnce` that stay open. */
export function createAdmission(options: {
  perMinute: number;
  atOnce: number;
  openAtOnce: number;
  clock: Clock;
}): Admission {
  const { perMinute, atOnce, openAtOnce, clock } = options;
  const visitors = new Map<string, Visitor>();

  function visitorOf(identity: Identity, now: number): Visitor {
    const key = JSON.stringify([identity.issuer, identity.subject]);
    const known = visitors.get(key);
    if (known !== undefined) return known;
    if (visitors.size >= MOST_VISITORS) forgetIdle(now);
    const visitor = { tokens: perMinute, filledAt: now, inside: 0, staying: 0 };
    visitors.set(key, visitor);
    return visitor;
  }

  function forgetIdle(now: number) {
    for (const [key, visitor] of visitors)
      if (visitor.inside + visitor.staying === 0 && now - visitor.filledAt > 60_000) visitors.delete(key);
  }

  return {
    enter(identity) {
      const now = clock.now().getTime();
      const visitor = visitorOf(identity, now);
      visitor.tokens = Math.min(perMinute, visitor.tokens + (Math.max(0, now - visitor.filledAt) / 60_000) * perMinute);
      visitor.filledAt = now;
      if (visitor.inside >= atOnce) {
        throw new Problem('rate-limited', {
          detail: `At most ${atOnce} calls at once for one identity.`,
          retryAfter: 1,
        });
      }
      if (visitor.tokens < 1) {
        const retryAfter = Math.ceil(((1 - visitor.tokens) / perMinute) * 60);
        throw new Problem('rate-limited', {
          detail: `At most ${perMinute} calls a minute for one identity.`,
          retryAfter,
        });
      }
      visitor.tokens -= 1;
      visitor.inside += 1;
      return once(() => {
        visitor.inside -= 1;
      });
    },
    stay(identity) {
      const visitor = visitorOf(identity, clock.now().getTime());
      if (visitor.staying >= openAtOnce) {
        const detail = `At most ${openAtOnce} open watches, logs and sessions for one identity.`;
        throw new Problem('rate-limited', { detail, retryAfter: 5 });
      }
      visitor.staying += 1;
      return once(() => {
        visitor.staying -= 1;
      });
    },
  };
}

function once(work: () => void) {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}
