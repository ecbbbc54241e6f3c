import type { Clock } from '../platform/clock.ts';
import { type KeyRules, readKeys, type VerificationKey } from './keys.ts';
import type { JsonObject } from './strict-json.ts';

/** The keys of one issuer, kept current. */
export type KeySet = {
  /** The key of that id; undefined when the issuer has none. Throws when no keys are known and none can be had. */
  find(id: string): Promise<VerificationKey | undefined>;
};

/** Reports that keys could not be refreshed: for the log. Tokens of known keys stay good for a day. */
export type ReportTrouble = (issuer: string, cause: unknown) => void;

const second = 1000;
/** A token may outlive its key by this much (see `due`). */
const maxAge = 60 * second;
const refreshAge = 30 * second;
const unknownKeyPause = 30 * second;
const emptyPause = 5 * second;
const maxStale = 24 * 3600 * second;

/**
 * Keys are refreshed in the background while they are asked for, each 30 s, and waited for once they are older than
 * 60 s: so a key that left is not accepted for longer than that. While the issuer cannot be reached the known keys
 * stay good for 24 h. An unknown id causes one download per 30 s, whoever asks and however often.
 */
export function createKeySet(options: {
  issuer: string;
  rules: KeyRules;
  download: () => Promise<JsonObject>;
  clock: Clock;
  report: ReportTrouble;
}): KeySet {
  const { issuer, rules, download, clock, report } = options;
  const now = () => clock.now().getTime();
  let keys = new Map<string, VerificationKey>();
  let loadedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let soughtAt = Number.NEGATIVE_INFINITY;
  let trouble: unknown;
  let loading: Promise<void> | undefined;

  function load(): Promise<void> {
    triedAt = now();
    loading ??= loadOnce(triedAt).finally(() => {
      loading = undefined;
    });
    return loading;
  }

  async function loadOnce(startedAt: number) {
    try {
      const fresh = readKeys(await download(), rules);
      if (fresh === undefined) throw new Error(`The keys of ${issuer} are not a JWK Set.`);
      keys = keepUnchanged(keys, fresh);
      loadedAt = startedAt;
      trouble = undefined;
    } catch (error) {
      trouble = error;
      report(issuer, error);
    }
  }

  function due(): boolean {
    const usable = now() - loadedAt <= maxStale;
    return now() - triedAt >= (usable ? refreshAge : emptyPause);
  }

  async function freshen() {
    const age = now() - loadedAt;
    if (age < refreshAge) return;
    const refreshing = due() ? load() : loading;
    if (age > maxAge && (trouble === undefined || age > maxStale)) await refreshing;
    if (now() - loadedAt > maxStale) throw new Error(`The keys of ${issuer} are not known.`, { cause: trouble });
  }

  async function seekUnknown() {
    if (loading === undefined && now() - soughtAt < unknownKeyPause) return;
    soughtAt = now();
    await (loading ?? load());
  }

  return {
    async find(id) {
      await freshen();
      if (!keys.has(id)) await seekUnknown();
      return keys.get(id);
    },
  };
}

/** The same object for the same key, so that whoever holds one can tell by identity whether it is still in force. */
function keepUnchanged(before: Map<string, VerificationKey>, after: Map<string, VerificationKey>) {
  for (const [id, key] of after) {
    const known = before.get(id);
    if (known?.text === key.text) after.set(id, known);
  }
  return after;
}
