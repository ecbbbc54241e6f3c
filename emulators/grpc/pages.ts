import { invalid, unimplemented } from './grpc.ts';

type PageRequest = {
  pageSize?: number | null;
  pageToken?: string | null;
  filter?: string | null;
  orderBy?: string | null;
};

export type Page<Item> = { items: Item[]; nextPageToken: string; totalSize: number };

/**
 * One page of `all`, whose order must not change between calls. Refuses a token that no page gave out, and filters and
 * orders, because a list that ignored them would be wrong.
 */
export function page<Item>(all: Item[], request: PageRequest, largest: number): Page<Item> {
  const { pageSize, pageToken, filter, orderBy } = request;
  if (filter || orderBy) throw unimplemented('The emulator does not filter or order lists.');
  if ((pageSize ?? 0) < 0) throw invalid('page_size must not be negative.');
  const start = pageToken ? offsetIn(pageToken) : 0;
  const end = start + Math.min(pageSize || largest, largest);
  return {
    items: all.slice(start, end),
    nextPageToken: end < all.length ? Buffer.from(`page:${end}`).toString('base64url') : '',
    totalSize: all.length,
  };
}

function offsetIn(token: string): number {
  const [, offset] = /^page:(\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (offset === undefined) throw invalid('The page token is invalid.');
  return Number(offset);
}
