import type { Context } from '../target.ts';
import type { Catalog, Relation } from './catalog/catalog.ts';
import type { Parser } from './language/parser.ts';
import type { Reference } from './language/references.ts';
import type { Parsed } from './language/syntax.ts';
import type { Cover } from './masks/masks.ts';
import type { Protections } from './rules/protections.ts';

/** What understanding rests on besides the request. */
export type Ground = {
  catalog: Catalog;
  protections: Protections;
  searchPath: readonly string[];
  parser: Parser;
  context: Context;
};

/** One statement, with what it names found. */
export type Subject = {
  statement: string;
  parsed: Parsed;
  references: readonly Reference[];
  named: readonly { name: string; relation: Relation | undefined }[];
  known: readonly Relation[];
  /** How many `$n` it has. */
  parameters: number;
  covers: ReadonlyMap<Relation, Cover>;
  ground: Ground;
};
