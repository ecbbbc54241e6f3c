import type { Node } from '../language/syntax.ts';

/** What understanding knows of a database: a snapshot of its catalog, read once and shared. Immutable. */

export type Catalog = {
  database: string;
  /** Of what belongs to no relation: checks of domains, casts. */
  whole: Print;
  /** By `schema.name`. */
  relations: ReadonlyMap<string, Relation>;
  byOid: ReadonlyMap<number, Relation>;
  types: ReadonlyMap<number, Type>;
  /** By `schema.name`. */
  typesByName: ReadonlyMap<string, Type>;
  /** Functions of `pg_catalog` by name; of others, what drivers call of the `information_schema`, with its schema. */
  functions: ReadonlyMap<string, FunctionFacts>;
  /** Functions of all other schemas, by schema and name. */
  elsewhere: ReadonlyMap<string, ReadonlyMap<string, ExtensionFacts>>;
  inheritance: readonly { child: number; parent: number }[];
  foreignKeys: readonly ForeignKey[];
  /** Unique indexes and exclusion constraints. */
  uniques: readonly Unique[];
  /** Indexes, not unique, that look at more than one column; 0 is a whole row. */
  indexes: readonly { relation: number; columns: readonly number[] }[];
  /** Columns that decide to which part of a table a row belongs. */
  partitionKeys: readonly { relation: number; columns: readonly number[] }[];
  /** Checks and NOT NULLs; a column 0 is the whole row. */
  checks: readonly { relation: number; columns: readonly number[]; validated: boolean }[];
  generated: readonly { relation: number; column: number; source: number }[];
  views: ReadonlyMap<number, View>;
  /** Relations whose writes run code of the database's own: triggers, or functions in checks, defaults, indexes or domains. */
  userCode: ReadonlySet<number>;
  /** Columns that row-level security policies look at; 0 where they run code of the database's own, or look further than a column. */
  rowSecurity: readonly { relation: number; column: number }[];
  /** R12: by relation, the numbers of the columns that the gateway's own login may read, or could help itself to. */
  readable: ReadonlyMap<number, ReadonlySet<number>>;
};

/** As in `pg_class.relkind`. */
type RelationKind = 'r' | 'p' | 'v' | 'm' | 'f' | 'S';

export type Relation = {
  oid: number;
  schema: string;
  name: string;
  kind: RelationKind;
  columns: readonly Column[];
  /** It has rules other than a view's own. */
  rules: boolean;
} & Print;

/** How many rows of the catalog say what something is, and what their versions add up to: `rows:sum`. */
type Print = {
  /** Of all that a read rests on. */
  fingerprint: string;
  /** Of all that a write rests on. */
  writeFingerprint: string;
};

export type Column = {
  name: string;
  number: number;
  type: number;
  generated: boolean;
  hasDefault: boolean;
  /** Of any length, and never kept outside its row. */
  inline: boolean;
};

export type Type = {
  oid: number;
  schema: string;
  name: string;
  /** As in `pg_type.typtype`: base, composite, domain, enum, multirange, pseudo, range. */
  kind: string;
  /** As in `pg_type.typcategory`. */
  category: string;
  /** Of a domain, else 0. */
  base: number;
  /** Of an array, else 0. */
  element: number;
  extension: boolean;
  /** A cast from or to it runs code that is neither built in nor of an extension, checks of domains included. */
  userCast: boolean;
};

type FunctionFacts = {
  /** Every overload came with the server and none is volatile. */
  stable: boolean;
  /** Every overload came with the server. */
  builtIn: boolean;
  /** Some overload returns a set. */
  returnsSet: boolean;
};

/** What is known of all functions of one name in a schema that is not the server's. */
export type ExtensionFacts = {
  /** The one that all of them belong to. */
  extension: string | undefined;
  /** All of them are in C or in plain SQL. */
  plain: boolean;
  /** None is volatile, or an aggregate, which calls others. */
  stable: boolean;
};

type ForeignKey = {
  child: number;
  parent: number;
  childColumns: readonly number[];
  parentColumns: readonly number[];
  /** As in `pg_constraint.confdeltype`. */
  onDelete: string;
  /** As in `pg_constraint.confupdtype`. */
  onUpdate: string;
};

type Unique = {
  relation: number;
  /** Every column it looks at: its keys, expressions and predicate; 0 where that is a whole row. */
  columns: readonly number[];
  /** Over plain columns, all rows, and nulls are distinct. */
  plain: boolean;
  /** A primary key that is checked at once. */
  primary: boolean;
};

export type View = {
  oid: number;
  /** Its query as the server writes it; undefined where that cannot be read. */
  query: Node | undefined;
  /** Relations it reads directly. */
  reads: readonly number[];
  /** It calls functions or operators that did not come with the server. */
  userCode: boolean;
};

/** They tell where a row lies, when it was written or which part of its table it is in: that depends on all of its values. */
export const systemColumns: ReadonlySet<string> = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);

export const nameOf = (relation: Relation) => `${relation.schema}.${relation.name}`;

export const isSystem = (relation: Relation) =>
  relation.schema === 'pg_catalog' || relation.schema === 'information_schema';
