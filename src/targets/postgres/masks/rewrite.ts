import type { Parser } from '../language/parser.ts';
import type { Reference } from '../language/references.ts';
import { type Edit, splice, type TokenLine, tokenLine } from '../language/splice.ts';
import {
  type Fields,
  fieldsOf,
  locationOf,
  namesOf,
  type Parsed,
  quoted,
  sameTree,
  textOf,
} from '../language/syntax.ts';
import { Refusal } from '../refusal.ts';
import { addGroupings, type Grouping } from './grouping.ts';
import { type Cover, coverText, coverTree } from './masks.ts';
import { answerNames, type Names } from './search-path.ts';
import type { TokenKeys } from './tokens.ts';

export type Rewriting = {
  references: readonly Reference[];
  coverOf: (reference: Reference) => Cover | undefined;
  /** Of the tokens among the masks; without them every mask is a constant. */
  keys: TokenKeys | undefined;
  columnRefs: readonly Fields[];
  /** What a primary key stood for. */
  groupings: readonly Grouping[];
  /** Functions to be written with their schema. */
  calls: readonly { fields: Fields; schema: string }[];
  /** Type names to be written with their schema. */
  types: readonly { fields: Fields; schema: string }[];
  /** By which what asks for names is answered; what is kept in a definition asks when it is used. */
  names?: Names;
};

/**
 * Masks at the source: the text to run, in which every relation is written with its schema and every one that holds something
 * classified is a subquery that does not. The tree is changed by hand, the text by splicing, and the parser must read the
 * text as that very tree; otherwise it refuses. Changes `parsed`. Answers the edits, too, by which the text was made.
 */
export async function rewrite(
  statement: string,
  parsed: Parsed,
  rewriting: Rewriting,
  parser: Parser,
): Promise<{ text: string; edits: readonly Edit[] }> {
  const tokens = tokenLine(parsed.tokens);
  const edits = rewriting.references.flatMap((reference) => {
    const cover = rewriting.coverOf(reference);
    return cover === undefined ? qualify(reference, tokens) : mask(reference, cover, tokens, rewriting.keys);
  });
  edits.push(
    ...unqualifyColumns(rewriting, tokens),
    ...addGroupings(rewriting.groupings, tokens),
    ...rewriting.types.map(({ fields, schema }) => qualifyName(fields, 'names', schema)),
    ...rewriting.calls
      .filter(({ fields }) => namesOf(fields['funcname']).length === 1)
      .map(({ fields, schema }) => qualifyName(fields, 'funcname', schema)),
    ...(rewriting.names === undefined ? [] : answerNames(statement, parsed.statement, rewriting.names, tokens)),
  );
  if (edits.length === 0) return { text: statement, edits };

  // `(a, b) = (SELECT …)` stands in the tree once for each column, and in the text once.
  const once = [...new Map(edits.map((edit) => [JSON.stringify(edit), edit])).values()];
  const text = splice(statement, once);
  // Text that does not even parse is no better than text that means something else.
  const read = await parser.parseAgain(text).catch(() => undefined);
  if (read === undefined || !sameTree(read.statement, parsed.statement)) {
    throw new Refusal(
      'R13',
      'The statement cannot be rewritten with its masks in place; name tables in FROM in a plainer way',
    );
  }
  return { text, edits: once };
}

const unplaceable = (fields: Fields) => new Refusal('R13', 'This table name cannot be found in the text', fields);

function qualify({ fields, home }: Reference, tokens: TokenLine): Edit[] {
  if (fields['schemaname'] !== undefined) return [];
  const start = locationOf(fields);
  if (tokens.at(start) === undefined) throw unplaceable(fields);
  fields['schemaname'] = home;
  return [{ start, end: start, text: `${quoted(home)}.` }];
}

/** Covers `ONLY t`, `ONLY (t)`, `t *` and `TABLE t` as well as a plain name. */
function mask({ wrapper, fields }: Reference, cover: Cover, tokens: TokenLine, keys: TokenKeys | undefined): Edit[] {
  const first = tokens.at(locationOf(fields));
  if (wrapper === undefined || first === undefined) throw unplaceable(fields);
  const only = fields['inh'] !== true;
  let start = first;
  let last = first + 2 * (Number(fields['schemaname'] !== undefined) + Number(fields['catalogname'] !== undefined));

  if (only && tokens.word(start - 1) === '(' && tokens.word(start - 2) === 'ONLY') {
    start -= 2;
    last += 1;
  } else if (tokens.word(start - 1) === 'ONLY') start -= 1;
  if (tokens.word(last + 1) === '*') last += 1;
  const command = tokens.word(start - 1) === 'TABLE';
  if (command) start -= 1;

  const { start: from } = tokens.get(start) ?? {};
  const { end: to } = tokens.get(last) ?? {};
  if (from === undefined || to === undefined) throw unplaceable(fields);
  const name = textOf(fields['relname']) ?? '';
  const alias = fields['alias'] === undefined ? ` AS ${quoted(name)}` : '';
  delete wrapper['RangeVar'];
  wrapper['RangeSubselect'] = { subquery: coverTree(cover, only, keys), alias: fields['alias'] ?? { aliasname: name } };
  return [
    { start: from, end: to, text: `${command ? 'SELECT * FROM ' : ''}(${coverText(cover, only, keys)})${alias}` },
  ];
}

/** `public.users.email` → `users.email`, where `public.users` became a subquery, which has no schema. */
function unqualifyColumns({ references, coverOf, columnRefs }: Rewriting, tokens: TokenLine): Edit[] {
  const covered = new Set(
    references
      .filter(
        (reference) =>
          coverOf(reference) !== undefined && fieldsOf(reference.fields['alias'])['aliasname'] === undefined,
      )
      .map((reference) => reference.name),
  );
  return columnRefs.flatMap((column) => {
    const path = namesOf(column['fields']);
    if (path.length < 3 || !covered.has(path.slice(0, 2).join('.'))) return [];
    const first = tokens.at(locationOf(column));
    const end = first === undefined ? undefined : tokens.get(first + 2)?.start;
    if (end === undefined) throw unplaceable(column);
    column['fields'] = Array.isArray(column['fields']) ? column['fields'].slice(1) : [];
    return [{ start: locationOf(column), end, text: '' }];
  });
}

function qualifyName(fields: Fields, list: 'names' | 'funcname', schema: string): Edit {
  const start = locationOf(fields);
  fields[list] = [{ String: { sval: schema } }, ...(Array.isArray(fields[list]) ? fields[list] : [])];
  return { start, end: start, text: `${quoted(schema)}.` };
}
