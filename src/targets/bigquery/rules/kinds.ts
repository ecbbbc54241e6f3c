import type { Risk, Verb } from '../../../model/documents.ts';
import type { Reading } from '../language/places.ts';

/** What a statement does, told from its kind alone: policy hears this even of what is then refused. */
export type Kind = { verb: Verb; risks: readonly Risk[] };

const define: Kind = { verb: 'define', risks: ['schema'] };
const destroy: Kind = { verb: 'define', risks: ['schema', 'irreversible'] };
const defineCode: Kind = { verb: 'define', risks: ['schema', 'opaque'] };
const grant: Kind = { verb: 'grant', risks: ['privilege'] };
const execute: Kind = { verb: 'execute', risks: ['opaque'] };

/** By BigQuery's name of the type (`JobStatistics2.statementType`). */
const kinds: Readonly<Record<string, Kind>> = {
  SELECT: { verb: 'read', risks: [] },
  ASSERT: { verb: 'read', risks: [] },
  INSERT: { verb: 'write', risks: [] },
  UPDATE: { verb: 'write', risks: [] },
  MERGE: { verb: 'write', risks: [] },
  DELETE: { verb: 'delete', risks: [] },
  TRUNCATE_TABLE: { verb: 'delete', risks: ['unbounded', 'irreversible'] },
  LOAD_DATA: { verb: 'write', risks: ['opaque'] },
  EXPORT_DATA: { verb: 'read', risks: ['opaque'] },
  CREATE_SCHEMA: define,
  CREATE_TABLE: define,
  CREATE_TABLE_AS_SELECT: define,
  CREATE_VIEW: define,
  CREATE_MATERIALIZED_VIEW: define,
  ALTER_TABLE: define,
  DROP_TABLE: destroy,
  DROP_VIEW: destroy,
  DROP_MATERIALIZED_VIEW: destroy,
  DROP_SCHEMA: destroy,
  CREATE_ROW_ACCESS_POLICY: grant,
  DROP_ROW_ACCESS_POLICY: grant,
  DROP_ALL_ROW_ACCESS_POLICIES: grant,
  GRANT: grant,
  REVOKE: grant,
};

/** Kinds whose proof is known, by the first words that go with them. */
const understood: Readonly<Record<string, Reading['verb']>> = {
  SELECT: 'SELECT',
  INSERT: 'INSERT',
  UPDATE: 'UPDATE',
  MERGE: 'MERGE',
  DELETE: 'DELETE',
  TRUNCATE_TABLE: 'TRUNCATE',
  CREATE_SCHEMA: 'CREATE',
  CREATE_TABLE: 'CREATE',
  CREATE_TABLE_AS_SELECT: 'CREATE',
  CREATE_VIEW: 'CREATE',
  CREATE_MATERIALIZED_VIEW: 'CREATE',
  ALTER_TABLE: 'ALTER',
  DROP_TABLE: 'DROP',
  DROP_VIEW: 'DROP',
  DROP_MATERIALIZED_VIEW: 'DROP',
  DROP_SCHEMA: 'DROP',
};

/** The kind of a statement as BigQuery names its type; one that it does not know yet makes or runs code. */
export function kindOf(statementType: string): Kind {
  const known = kinds[statementType];
  if (known !== undefined) return known;
  return /^(CREATE|ALTER|DROP|UNDROP)_/.test(statementType) ? defineCode : execute;
}

/** R2: whether BigQuery takes the statement for what its first words say, and the two are understood. */
export const isUnderstood = (statementType: string, { verb }: Pick<Reading, 'verb'>) =>
  understood[statementType] === verb;

/** Statements whose rows are proven to be masked by what BigQuery tells of them with their tables replaced. */
export const isQuery = ({ verb }: Pick<Reading, 'verb'>) => verb === 'SELECT';
export const isChange = ({ verb }: Pick<Reading, 'verb'>) =>
  ['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'TRUNCATE'].includes(verb);
