import type { Link } from './connect.ts';

/** Milliseconds for which a connection is kept that nobody uses, and after which it is not used for anything new. */
const IDLE = 10_000;
const MOST_AGE = 60_000;
/** Connections that are kept for one identity on one connection. */
const MOST_KEPT = 4;

/** A connection to a host for one piece of work. */
export type Lease = {
  link: Link;
  /** Whether it can be used for something else; else it is ended. Only the first call counts. */
  release: (reusable: boolean) => void;
};

/**
 * Connections that were just used, so that many small commands need not log in each time. One serves one piece of work at a time, and never
 * another identity, another version of the connection or of its secret: `key` tells those apart.
 */
export function createLinks() {
  const kept = new Map<string, { link: Link; born: number; timer: NodeJS.Timeout }[]>();

  function take(key: string) {
    const idle = kept.get(key) ?? [];
    for (let one = idle.pop(); one !== undefined; one = idle.pop()) {
      clearTimeout(one.timer);
      if (!one.link.gone.aborted && Date.now() - one.born < MOST_AGE) return one;
      one.link.close();
    }
    return undefined;
  }

  function keep(key: string, link: Link, born: number) {
    const idle = kept.get(key) ?? [];
    if (idle.length >= MOST_KEPT) return link.close();
    const forget = () => {
      const left = (kept.get(key) ?? []).filter((one) => one.link !== link);
      if (left.length > 0) kept.set(key, left);
      else kept.delete(key);
      link.close();
    };
    kept.set(key, [...idle, { link, born, timer: setTimeout(forget, IDLE).unref() }]);
  }

  return {
    /** Without a key it is used for this alone. */
    async lease(key: string | undefined, open: () => Promise<Link>): Promise<Lease> {
      const found = key === undefined ? undefined : take(key);
      const link = found?.link ?? (await open());
      const born = found?.born ?? Date.now();
      let isReleased = false;
      return {
        link,
        release(reusable) {
          if (isReleased) return;
          isReleased = true;
          if (reusable && key !== undefined && !link.gone.aborted) keep(key, link, born);
          else link.close();
        },
      };
    },
    close() {
      for (const { link, timer } of [...kept.values()].flat()) {
        clearTimeout(timer);
        link.close();
      }
      kept.clear();
    },
  };
}
