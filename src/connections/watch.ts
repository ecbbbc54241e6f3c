import { contentOf } from '../model/document-content.ts';
import { type DocumentKind, documentKinds } from '../model/documents.ts';
import { excessOf, type PolicyChange, type PolicyChangeEnd } from '../model/policy-change.ts';
import { asProblem } from '../model/problem.ts';
import type { Clock } from '../platform/clock.ts';
import type { Ids } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { Store, StoredDocument, Write } from '../platform/store.ts';
import { etagOf } from './documents.ts';
import { isBeat } from './heartbeat.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import { digestOf, versionWith } from './version.ts';

export type WatchDeps = {
  /** The policy database. */
  store: Pick<Store, 'get' | 'listen'>;
  ledger: Ledger;
  /** One `policy_changed` event, with the writes of its commit. Throws `approval-conflict` when one lost its precondition. */
  record: (note: string, writes: readonly Write[]) => Promise<void>;
  clock: Clock;
  ids: Ids;
  log: Pick<Logger, 'warn' | 'error'>;
  /** Milliseconds that a console may take from telling of a change to making it. */
  grace?: number;
};

/** What is in force beside what the trail says is. */
export type Watch = {
  start(): void;
  /**
   * Records, once each, what was changed outside the console, and how changes ended that a console told of and nobody heard
   * the end of. Safe to run anywhere, also twice at once: of two who see the same only one commit passes. Changes of one
   * document that follow each other faster than this runs are one.
   */
  check(): Promise<void>;
  stop(): void;
};

type Place = { kind: DocumentKind; name: string };
type Live = StoredDocument | undefined;
type Note = { note: PolicyChange | PolicyChangeEnd; write: Write };

/**
 * A document's write says nothing of who made it, so such a change has no author. One that the trail does not know at all,
 * as when this is run for the first time, is told as created.
 */
export function createWatch({ store, ledger, record, clock, ids, log, grace = 60_000 }: WatchDeps): Watch {
  const live = new Map<DocumentKind, ReadonlyMap<string, StoredDocument>>();
  let entries: ReadonlyMap<string, LedgerEntry> | undefined;
  let stops: (() => void)[] = [];

  const failed = (error: unknown) => log.warn({ error }, 'Documents cannot be watched for the moment.');

  function suspects(): Place[] {
    if (entries === undefined || live.size < documentKinds.length) return [];
    const places = new Map<string, Place>();
    for (const [kind, documents] of live)
      for (const name of documents.keys()) places.set(`${kind}/${name}`, { kind, name });
    for (const [path, { kind, name }] of entries) places.set(path, { kind, name });
    const known = entries;
    return [...places].flatMap(([path, place]) =>
      stands(live.get(place.kind)?.get(place.name), known.get(path)) ? [] : [place],
    );
  }

  /** Read anew, the document first: whoever changes one tells the ledger before. */
  async function settle(place: Place) {
    const found = await store.get(`${place.kind}/${place.name}`);
    const entry = await ledger.find(place.kind, place.name);
    if (stands(found, entry) || (entry?.pending && clock.now().getTime() - Date.parse(entry.at) < grace)) return;
    const { note, write } = entry && isOfConsole(found, entry) ? ending(entry, found) : change(place, entry, found);
    try {
      await record(JSON.stringify(note), [write]);
      if ('source' in note)
        log.warn(
          { document: `${place.kind}/${place.name}`, change: note.change },
          'A document was changed outside the console.',
        );
    } catch (thrown) {
      if (asProblem(thrown).code !== 'approval-conflict') throw thrown;
    }
  }

  function ending(entry: LedgerEntry, found: Live): Note {
    const { change: id, kind, name } = entry;
    const now = clock.now();
    if (digest(found) === entry.sha256)
      return { note: { id, kind, name, outcome: 'made', code: null }, write: ledger.mark(entry, 'settled', now) };
    const before = found && contentOf(found.data, found.revision);
    return {
      note: { id, kind, name, outcome: 'not made', code: null },
      write: ledger.takeBack(entry, before, now),
    };
  }

  function change(place: Place, entry: LedgerEntry | undefined, found: Live): Note {
    const { kind, name } = place;
    const after = found && contentOf(found.data, found.revision);
    const digests = liveDigests();
    const path = `${kind}/${name}`;
    const told: PolicyChange = {
      ...{ id: ids('pc'), kind, name, source: 'outside' },
      change: found === undefined ? 'removed' : entry?.sha256 == null ? 'created' : 'changed',
      before: entry?.text == null ? null : JSON.parse(entry.text),
      after: after?.text == null ? null : JSON.parse(after.text),
      before_sha256: entry?.sha256 ?? null,
      after_sha256: after?.sha256 ?? null,
      omitted: (entry?.sha256 != null && entry.text === null) || after?.text === null,
      etag_before: null,
      written_at: found?.writtenAt ?? null,
      policy_version_before: versionWith(digests, path, entry?.sha256 ?? null),
      policy_version: versionWith(digests, path, after?.sha256 ?? null),
      approver: null,
    };
    const note = excessOf(told) > 0 ? { ...told, before: null, after: null, omitted: true } : told;
    return { note, write: ledger.record(entry, told, clock.now()) };
  }

  const liveDigests = () =>
    new Map(
      [...live.values()].flatMap((documents) =>
        [...documents.values()].map((one) => [one.path, digestOf(one)] as const),
      ),
    );

  return {
    start() {
      const documents = documentKinds.map((kind) =>
        store.listen(
          kind,
          (all) => live.set(kind, new Map(all.filter((one) => !isBeat(one)).map((one) => [nameOf(one), one]))),
          failed,
        ),
      );
      const recorded = ledger.listen((all) => {
        entries = new Map(all.map((entry) => [`${entry.kind}/${entry.name}`, entry]));
      }, failed);
      stops = [...documents, recorded];
    },
    async check() {
      for (const place of suspects())
        await settle(place).catch((error) =>
          log.error({ error, document: `${place.kind}/${place.name}` }, 'A change could not be recorded.'),
        );
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}

/** Whether the document is what the trail says, and nothing is in doubt. */
const stands = (found: Live, entry: LedgerEntry | undefined) =>
  digest(found) === (entry?.sha256 ?? null) && entry?.state !== 'doubted';

/** Whether what is found tells how the console's change ended: it was in doubt and is there, or nobody has written since. */
function isOfConsole(found: Live, { state, sha256, etag_before }: LedgerEntry) {
  if (state === 'doubted' && digest(found) === sha256) return true;
  return found !== undefined && etag_before === etagOf(found.revision);
}

const digest = (found: Live) => (found === undefined ? null : digestOf(found));

const nameOf = ({ path }: StoredDocument) => path.slice(path.indexOf('/') + 1);
