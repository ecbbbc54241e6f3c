/** PostgreSQL's raw parse tree as libpg-query gives it: every node is `{ TypeName: fields }`. */

export type Fields = { [name: string]: unknown };
export type Node = Fields;

export type Token = { start: number; end: number; text: string; name: string; keyword: boolean };

/** What the parser says of one statement. Offsets are in UTF-8 bytes. */
export type Parsed = { statement: Node; tokens: readonly Token[] };

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields of an object that may be absent. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** The nodes of a list that may be absent. */
export function nodesOf(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The type of a wrapped node, or undefined where the object is not one. */
export function typeOf(node: unknown): string | undefined {
  if (!isFields(node)) return undefined;
  let only: string | undefined;
  // Asked of every object of every tree, so without making anything.
  for (const key in node) {
    if (only !== undefined) return undefined;
    only = key;
  }
  const first = only?.charCodeAt(0) ?? 0;
  return first >= 65 && first <= 90 ? only : undefined;
}

/** The fields of a node when it is of the type asked for. */
export function ofType(node: unknown, type: string): Fields | undefined {
  return typeOf(node) === type ? fieldsOf(fieldsOf(node)[type]) : undefined;
}

/** The words of a list of `String` nodes; a star is `*`. */
export function namesOf(value: unknown): string[] {
  return nodesOf(value).map((node) =>
    typeOf(node) === 'A_Star' ? '*' : (textOf(ofType(node, 'String')?.['sval']) ?? ''),
  );
}

/** The byte offset of a node in the statement; libpg-query leaves out a 0. */
export function locationOf(fields: Fields): number {
  const location = fields['location'];
  return typeof location === 'number' ? location : 0;
}

/** Every wrapped node below (and at) a value, with its type, parents first. */
export function* everyNode(value: unknown): Generator<{ type: string; fields: Fields }> {
  const waiting = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (isFields(next)) {
      const type = typeOf(next);
      if (type !== undefined) yield { type, fields: fieldsOf(next[type]) };
      // Long lists are of constants, which hold no nodes.
      if (type === 'A_Const') continue;
    }
    const children = childrenOf(next);
    for (let index = children.length - 1; index >= 0; index -= 1) waiting.push(children[index]);
  }
}

/** The objects and lists right below a value. */
const childrenOf = (value: unknown): unknown[] =>
  (Array.isArray(value) ? value : isFields(value) ? Object.values(value) : []).filter(isTree);

const isTree = (value: unknown) => typeof value === 'object' && value !== null;

const places = new Set(['location', 'name_location', 'list_start', 'list_end', 'rexpr_list_start', 'rexpr_list_end']);

/** Whether a field says only where its node stands in the text. */
export const isPlace = (field: string) => places.has(field);

/** Whether two trees mean the same text: equal in everything but where it stands. */
export function sameTree(a: unknown, b: unknown): boolean {
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameTree(item, b[index]));
  }
  if (!isFields(a) || !isFields(b)) return Object.is(a, b);
  let fields = 0;
  // Asked of every object of every tree, so without making anything.
  for (const key in a) {
    if (isPlace(key)) continue;
    if (!Object.hasOwn(b, key) || !sameTree(a[key], b[key])) return false;
    fields++;
  }
  for (const key in b) if (!isPlace(key)) fields--;
  return fields === 0;
}

/** An identifier as SQL text: always quoted. */
export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** A string constant as SQL text, for `standard_conforming_strings = on`. */
export const constant = (text: string) => `'${text.replaceAll("'", "''")}'`;
