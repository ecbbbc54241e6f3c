import type { Database } from './database.ts';
import { masked, toWire } from './documents.ts';
import { invalid } from './errors.ts';
import { checkId, checkParent } from './names.ts';
import type { Readings } from './reading.ts';
import { compareText } from './values.ts';
import type { ListCollectionIdsRequest, ListDocumentsRequest } from './wire.ts';

const DEFAULT_PAGE = 300;

interface ListingsDeps {
  database: Database;
  readings: Readings;
}

/** The RPCs that list what is below a document: collections, and documents with the missing ones between. */
export function createListings({ database, readings }: ListingsDeps) {
  function listCollectionIds(request: ListCollectionIdsRequest): object {
    const parent = checkParent(request.parent);
    const { at } = readings.open(request);
    const below = database.scan({ kind: 'subtree', parent }, at);
    const ids = new Set(below.map(({ name }) => segmentBelow(parent, name)));
    const { page, nextPageToken } = paginate([...ids].sort(compareText), request);
    return { collectionIds: page, nextPageToken };
  }

  function listDocuments(request: ListDocumentsRequest): object {
    const parent = checkParent(request.parent);
    if (request.orderBy !== '' && request.orderBy !== '__name__')
      throw invalid('Documents can only be listed in the order of __name__.');
    const path = `${parent}/${checkId(request.collectionId, 'collection id')}`;
    const select = masked(request.mask);
    const { at, transaction } = readings.open(request);
    const found = new Map(database.scan({ kind: 'collection', path }, at).map((document) => [document.name, document]));
    const below = request.showMissing ? database.scan({ kind: 'subtree', parent: path }, at) : [];
    const names = new Set([...found.keys(), ...below.map(({ name }) => `${path}/${segmentBelow(path, name)}`)]);
    const { page, nextPageToken } = paginate([...names].sort(compareText), request);
    for (const name of page) transaction?.sawDocument(name);
    const documents = page.map((name) => {
      const document = found.get(name);
      return document ? toWire(document, select) : { name };
    });
    return { documents, nextPageToken };
  }

  return { listCollectionIds, listDocuments };
}

const segmentBelow = (parent: string, name: string): string => name.slice(parent.length + 1).split('/')[0] ?? '';

/** A page token is the last item of the page before it, in base64. */
function paginate(sorted: string[], { pageSize, pageToken }: { pageSize: number; pageToken: string }) {
  if (pageSize < 0) throw invalid('page_size is negative.');
  const after = Buffer.from(pageToken, 'base64url').toString();
  const rest = pageToken === '' ? sorted : sorted.filter((item) => compareText(item, after) > 0);
  const page = rest.slice(0, pageSize || DEFAULT_PAGE);
  const last = page.at(-1);
  const nextPageToken = last !== undefined && page.length < rest.length ? Buffer.from(last).toString('base64url') : '';
  return { page, nextPageToken };
}
