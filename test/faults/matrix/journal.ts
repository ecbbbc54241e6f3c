import type { FirestoreOptions } from '../../../emulators/firestore/firestore.ts';
import { type AuditEvent, auditEventSchema } from '../../../src/model/audit-event.ts';

type Commit = Parameters<NonNullable<FirestoreOptions['journal']>>[0];
type Fields = NonNullable<Extract<Commit['writes'][number], { operation: 'update' }>['update']>['fields'];

/** One write of a commit, as the store itself applied it. */
export type Entry = {
  /** Milliseconds since 1970, by the store's clock. */
  at: number;
  /** Equal for the writes of one commit. */
  commit: number;
  path: string;
  op: 'update' | 'delete';
  state: string | undefined;
  rows: readonly AuditEvent[];
};

/** The store's own log of what it made durable, and when. */
export function createJournal() {
  const entries: Entry[] = [];
  let commits = 0;
  return {
    entries,
    take({ at, writes }: Commit) {
      const commit = ++commits;
      for (const write of writes) {
        const name =
          write.operation === 'delete' ? write.delete : write.operation === 'update' ? write.update?.name : '';
        const path = (name ?? '').split('/documents/')[1] ?? '';
        const fields = write.operation === 'update' ? write.update?.fields : undefined;
        const op = write.operation === 'delete' ? 'delete' : 'update';
        entries.push({ at: at / 1000, commit, path, op, state: textOf(fields?.['state']), rows: rowsOf(path, fields) });
      }
    },
  };
}

type Value = Fields[string];

const textOf = (value: Value | undefined) => (value?.valueType === 'stringValue' ? value.stringValue : undefined);

function rowsOf(path: string, fields: Fields | undefined): AuditEvent[] {
  const rows = fields?.['rows'];
  if (!path.startsWith('outbox/') || rows?.valueType !== 'arrayValue') return [];
  return rows.arrayValue.values.map((value) => auditEventSchema.parse(JSON.parse(textOf(value) ?? '')));
}
