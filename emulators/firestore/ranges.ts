import { collectionOf, lastSegment } from './names.ts';

/** The part of a database a query looks at. */
export type Range =
  | { kind: 'collection'; path: string }
  | { kind: 'group'; parent: string; collectionId: string }
  | { kind: 'children'; parent: string }
  | { kind: 'subtree'; parent: string };

/** Whether a document of this name is looked at. */
export const inRange = (range: Range, name: string): boolean => holds(range, collectionOf(name));

/** Whether the documents right in this collection are looked at. */
export function holds(range: Range, collection: string): boolean {
  switch (range.kind) {
    case 'collection':
      return collection === range.path;
    case 'group':
      return lastSegment(collection) === range.collectionId && collection.startsWith(`${range.parent}/`);
    case 'children':
      return collectionOf(collection) === range.parent;
    case 'subtree':
      return collection === range.parent || collection.startsWith(`${range.parent}/`);
  }
}
