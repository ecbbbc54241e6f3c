import { aggregate, aggregatedFields } from './aggregations.ts';
import type { Database } from './database.ts';
import { masked, toWire } from './documents.ts';
import { invalid, notFound, unimplemented } from './errors.ts';
import { fieldReader } from './field-paths.ts';
import type { IndexCheck } from './indexes.ts';
import { checkDocumentName, rootOf } from './names.ts';
import { readQuery } from './query.ts';
import type { Reading, Readings } from './reading.ts';
import { fromMicros } from './timestamps.ts';
import type {
  BatchGetDocumentsRequest,
  Document,
  GetDocumentRequest,
  RunAggregationQueryRequest,
  RunQueryRequest,
} from './wire.ts';

interface ReadsDeps {
  database: Database;
  readings: Readings;
  requireIndex: IndexCheck;
}

/** The RPCs that read documents: one, several, those of a query, or sums over them. */
export function createReads({ database, readings, requireIndex }: ReadsDeps) {
  function getDocument(request: GetDocumentRequest): Document {
    const name = checkDocumentName(request.name);
    const select = masked(request.mask);
    const { at, transaction } = readings.open(request);
    transaction?.sawDocument(name);
    const document = database.get(name, at);
    if (document === undefined) throw notFound(`Document "${name}" not found.`);
    return toWire(document, select);
  }

  function batchGetDocuments(request: BatchGetDocumentsRequest): object[] {
    rootOf(request.database);
    const names = new Set(request.documents.map((name) => checkDocumentName(name, request.database)));
    const select = masked(request.mask);
    const { at, transaction, begun } = readings.open(request);
    const readTime = fromMicros(at);
    const responses: object[] = begun ? [{ transaction: begun }] : [];
    for (const name of names) {
      transaction?.sawDocument(name);
      const document = database.get(name, at);
      responses.push(document ? { found: toWire(document, select), readTime } : { missing: name, readTime });
    }
    return responses;
  }

  function runQuery(request: RunQueryRequest): object[] {
    refuseExplain(request.explainOptions);
    const query = readQuery(request.parent, request.structuredQuery, requireIndex);
    const reading = readings.open(request);
    const { at, transaction } = reading;
    transaction?.sawQuery(query);
    const readTime = fromMicros(at);
    const found = query.run(database, at).map((document) => ({ document: toWire(document, query.select), readTime }));
    return [...announcement(reading), ...(found.length > 0 ? found : [{ readTime }])];
  }

  function runAggregationQuery(request: RunAggregationQueryRequest): object[] {
    refuseExplain(request.explainOptions);
    const asked = request.structuredAggregationQuery;
    if (!asked) throw invalid('An aggregation query is required.');
    const fields = aggregatedFields(asked.aggregations);
    const query = readQuery(request.parent, asked.structuredQuery, requireIndex, fields);
    const { at, transaction, begun } = readings.open(request);
    transaction?.sawQuery(query);
    const readers = fields.map(fieldReader);
    const documents = query.run(database, at).filter((document) => readers.every((read) => read(document)));
    const result = { aggregateFields: aggregate(documents, asked.aggregations) };
    return [{ result, readTime: fromMicros(at), ...(begun && { transaction: begun }) }];
  }

  return { getDocument, batchGetDocuments, runQuery, runAggregationQuery };
}

const announcement = ({ begun }: Reading): object[] => (begun ? [{ transaction: begun }] : []);

function refuseExplain(options: object | null): void {
  if (options !== null) throw unimplemented('Query explain is not supported by this emulator.');
}
