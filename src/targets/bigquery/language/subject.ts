import type { Statement, Table } from '../plan.ts';
import { datasetOf, nameOf, type Where } from './names.ts';
import type { Place, Reading } from './places.ts';
import { placesIn } from './reader.ts';
import { type Lexed, tokensOf } from './tokens.ts';

/** A statement whose tables are found in its text. */
export type Subject = {
  statement: Statement;
  lexed: Lexed;
  reading: Reading;
  places: readonly NamedPlace[];
  /** `project.dataset.table`, or `project.dataset`, that is changed. */
  target?: string;
};

/** `name`: the `project.dataset.table` that it means, if it means a table. */
export type NamedPlace = Place & { name: string | undefined };

/** Throws a `Refusal` for what cannot be read. */
export function subjectOf(statement: Statement, { project }: Pick<Where, 'project'>): Subject {
  const lexed = tokensOf(statement.text);
  const reading = placesIn(lexed);
  const where: Where = {
    project,
    ...(statement.defaultDataset !== undefined && { defaultDataset: statement.defaultDataset }),
  };
  const places = reading.places.map((place) => ({ ...place, name: nameOf(place.path.parts, where) }));
  const { target } = reading;
  const name = target && (target.what === 'SCHEMA' ? datasetOf : nameOf)(target.path.parts, where);
  return { statement, lexed, reading, places, ...(name !== undefined && { target: name }) };
}

/** The tables by name, for the places that name one of them; the others are arrays, or nothing. */
export const tablesByName = (tables: readonly Table[]): ReadonlyMap<string, Table> =>
  new Map(tables.map((table) => [table.name, table]));
