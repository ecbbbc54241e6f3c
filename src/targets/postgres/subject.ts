import type { Context } from '../target.ts';
import type { Catalog, Relation } from './catalog.ts';
import type { Cover } from './masks.ts';
import type { Parser } from './parser.ts';
import type { Protections } from './protections.ts';
import type { Reference } from './references.ts';
import type { Parsed } from './syntax.ts';

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
