import { invalid } from './errors.ts';

const ROOT = /^projects\/[^/]+\/databases\/[^/]+(\/documents)?$/;
const RESERVED = /^__.*__$/s;
/** Numeric ids, as Datastore imports and recursive deletes name them. */
const NUMERIC = /^__id(-?\d+)__$/;
const MAX_ID_BYTES = 1500;
const MAX_NAME_BYTES = 6 * 1024;

/** Resolves to the name of the root, `projects/{p}/databases/{d}/documents`; refuses any other shape of database name. */
export function rootOf(database: string): string {
  if (!ROOT.test(database) || database.endsWith('/documents')) throw invalid(`Invalid database name: "${database}".`);
  return `${database}/documents`;
}

/** Passes a document's full name; refuses odd segments, empty, reserved and over-long ids, and another database's names. */
export function checkDocumentName(name: string, database?: string): string {
  const segments = checkPath(name, database);
  if (segments.length === 0 || segments.length % 2 !== 0)
    throw invalid(
      `Document name "${name}" is not a document: the path after /documents must have an even number of segments.`,
    );
  return name;
}

/** Passes the parent of a query or listing: the root of a database, or a document. */
export function checkParent(parent: string): string {
  const segments = checkPath(parent);
  if (segments.length % 2 !== 0) throw invalid(`Invalid parent "${parent}": it must be the root or a document.`);
  return parent;
}

export function checkId(id: string, what: string): string {
  if (id === '' || id === '.' || id === '..' || id.includes('/')) throw invalid(`Invalid ${what} "${id}".`);
  if (id.startsWith('__') && RESERVED.test(id) && !NUMERIC.test(id))
    throw invalid(`${what} "${id}" is invalid because it is reserved.`);
  if (exceeds(id, MAX_ID_BYTES)) throw invalid(`The ${what} is longer than ${MAX_ID_BYTES} bytes.`);
  return id;
}

/** Whether a text has more bytes in UTF-8, where a code unit takes at most three. */
export const exceeds = (text: string, bytes: number): boolean =>
  text.length * 3 > bytes && Buffer.byteLength(text) > bytes;

/** The number of a numeric id, which sorts before every other id. */
export function numericId(id: string): bigint | undefined {
  const digits = NUMERIC.exec(id)?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}

/** The collection a document is in: its name without the last segment. */
export const collectionOf = (name: string): string => name.slice(0, name.lastIndexOf('/'));

export const lastSegment = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** The path below the root, e.g. `a/b`. */
export const relativeOf = (name: string): string => name.split('/').slice(5).join('/');

function checkPath(name: string, database?: string): string[] {
  const all = name.split('/');
  const root = all.slice(0, 5).join('/');
  if (!ROOT.test(root) || all[4] !== 'documents')
    throw invalid(`Resource name "${name}" does not start with projects/{project}/databases/{database}/documents.`);
  if (database !== undefined && root !== `${database}/documents`)
    throw invalid(`Document name "${name}" is not in database "${database}".`);
  if (exceeds(name, MAX_NAME_BYTES)) throw invalid(`A document name is longer than ${MAX_NAME_BYTES} bytes.`);
  return all.slice(5).map((segment) => checkId(segment, 'resource id'));
}
