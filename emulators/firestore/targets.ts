import type { Database } from './database.ts';
import { toWire } from './documents.ts';
import { invalid } from './errors.ts';
import type { IndexCheck } from './indexes.ts';
import { checkDocumentName } from './names.ts';
import { readQuery } from './query.ts';
import type { Change, StoredDocument } from './storage.ts';
import { fromMicros } from './timestamps.ts';
import type { Fields, Target } from './wire.ts';

/** What one listen target has told its client, and what it has to tell next. */
export interface TargetView {
  /** Messages from nothing known, or from what was true at `since`, to now. */
  begin(since: number | undefined): object[];
  /** Messages for changes; `undefined` when too much happened to list. */
  update(changes: readonly Change[] | undefined): object[];
}

interface Subject {
  current(at?: number): StoredDocument[];
  admits(document: StoredDocument): boolean;
  select(fields: Fields): Fields;
  windowed: boolean;
  /** Documents whose absence is worth a message at the start. */
  expected: string[];
}

/** Checks a target; refuses with what a query or a read of the same things would. */
export function createTargetView(
  target: Target,
  owner: string,
  database: Database,
  requireIndex: IndexCheck,
): TargetView {
  const id = target.targetId;
  const subject = subjectOf(target, owner, database, requireIndex);
  let known = new Map<string, number>();

  function changed(document: StoredDocument): object[] {
    if (known.get(document.name) === document.updateTime) return [];
    known.set(document.name, document.updateTime);
    return [{ documentChange: { document: toWire(document, subject.select), targetIds: [id], removedTargetIds: [] } }];
  }

  function gone(name: string): object[] {
    return known.delete(name) ? [absence(name)] : [];
  }

  function absence(name: string): object {
    const body = { document: name, removedTargetIds: [id], readTime: fromMicros(database.now()) };
    return database.get(name) ? { documentRemove: body } : { documentDelete: body };
  }

  function compareAll(): object[] {
    const now = subject.current();
    const names = new Set(now.map(({ name }) => name));
    return [...now.flatMap(changed), ...[...known.keys()].filter((name) => !names.has(name)).flatMap(gone)];
  }

  function compareOne({ name, after }: Change): object[] {
    return after && subject.admits(after) ? changed(after) : gone(name);
  }

  return {
    begin(since) {
      const before = since === undefined ? [] : subject.current(since);
      known = new Map(before.map(({ name, updateTime }) => [name, updateTime]));
      const messages = compareAll();
      const missing = since === undefined ? subject.expected.filter((name) => !known.has(name)) : [];
      return [...messages, ...missing.map(absence)];
    },
    update(changes) {
      if (changes === undefined) return compareAll();
      if (!subject.windowed) return changes.flatMap(compareOne);
      const touched = ({ name, after }: Change) => known.has(name) || (after !== undefined && subject.admits(after));
      return changes.some(touched) ? compareAll() : [];
    },
  };
}

function subjectOf(target: Target, owner: string, database: Database, requireIndex: IndexCheck): Subject {
  if (target.targetType === 'documents') {
    const names = new Set(target.documents.documents.map((name) => checkDocumentName(name, owner)));
    return {
      current: (at) => [...names].flatMap((name) => database.get(name, at) ?? []),
      admits: ({ name }) => names.has(name),
      select: (fields) => fields,
      windowed: false,
      expected: [...names],
    };
  }
  if (target.targetType !== 'query') throw invalid('A target names neither documents nor a query.');
  const { parent, structuredQuery } = target.query;
  if (!`${parent}/`.startsWith(`${owner}/documents/`)) throw invalid(`"${parent}" is not in database "${owner}".`);
  const query = readQuery(parent, structuredQuery, requireIndex);
  return {
    current: (at) => query.run(database, at),
    admits: query.admits,
    select: query.select,
    windowed: query.windowed,
    expected: [],
  };
}
