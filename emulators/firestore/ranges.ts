import { collectionOf, lastSegment } from './names.ts';

/** The part of a database a query looks at. */
export type Range =
  | { kind: 'collection'; path: string }
  | { kind: 'group'; parent: string; collectionId: string }
  | { kind: 'children'; parent: string }
  | { kind: 'subtree'; parent: string };

export function inRange(range: Range, name: string): boolean {
  const collection = collectionOf(name);
  switch (range.kind) {
    case 'collection':
      return collection === range.path;
    case 'group':
      return lastSegment(collection) === range.collectionId && name.startsWith(`${range.parent}/`);
    case 'children':
      return collectionOf(collection) === range.parent;
    case 'subtree':
      return name.startsWith(`${range.parent}/`);
  }
}
