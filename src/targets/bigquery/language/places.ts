import type { Path } from './path.ts';

/** A place where a table is read. */
export type Place = {
  path: Path;
  /** By which the rest of the statement calls it. */
  alias: string;
  /** Whether the alias is written, and not the last part of the name. */
  aliased: boolean;
  /** `FOR SYSTEM_TIME AS OF …`, as written. */
  time?: Span;
  /** `TABLESAMPLE SYSTEM (…)`, as written. */
  sample?: Span;
};

type Span = { start: number; end: number };

/** What a statement does, by its first words. */
export type Verbs = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'MERGE' | 'TRUNCATE' | 'CREATE' | 'ALTER' | 'DROP';

/** What is written to, made, changed or dropped. */
export type Destination = {
  path: Path;
  alias?: string;
  what: 'TABLE' | 'VIEW' | 'MATERIALIZED VIEW' | 'SCHEMA';
};

export type Reading = {
  verb: Verbs;
  target?: Destination;
  places: readonly Place[];
  /** The number of the first token after the head. */
  next: number;
};
