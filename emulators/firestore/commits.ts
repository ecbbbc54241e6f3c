import { randomBytes } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { Database } from './database.ts';
import { masked, toWire } from './documents.ts';
import { invalid, Refusal } from './errors.ts';
import { checkDocumentName, checkId, checkParent, rootOf } from './names.ts';
import { fromMicros } from './timestamps.ts';
import type { Transactions } from './transactions.ts';
import type {
  BatchWriteRequest,
  CommitRequest,
  CreateDocumentRequest,
  DeleteDocumentRequest,
  Document,
  DocumentMask,
  RollbackRequest,
  UpdateDocumentRequest,
  Write,
  WriteResult,
} from './wire.ts';
import { applyWrite, targetOf } from './writes.ts';

interface CommitsDeps {
  database: Database;
  transactions: Transactions;
  journal?: Journal | undefined;
}

/** `at` is the commit's own time, in microseconds since 1970. */
export type Journal = (commit: { at: number; writes: readonly Write[] }) => void;

/** The RPCs that write: all of a commit or nothing, each of a batch for itself, or one document. */
export function createCommits({ database, transactions, journal }: CommitsDeps) {
  function applied(owner: string, writes: readonly Write[]): { results: WriteResult[]; at: number } {
    rootOf(owner);
    const { result, at } = database.commit((draft) => writes.map((write) => applyWrite(write, draft, owner)));
    journal?.({ at, writes });
    return { results: result, at };
  }

  function commit(request: CommitRequest): object {
    if (request.transaction.length > 0) {
      const transaction = transactions.find(request.transaction);
      transactions.end(request.transaction);
      if (transaction.readOnly && request.writes.length > 0)
        throw invalid('Cannot modify entities in a read-only transaction.');
      if (request.writes.length > 0) transaction.verify();
    }
    const { results, at } = applied(request.database, request.writes);
    return { writeResults: results, commitTime: fromMicros(at) };
  }

  function rollback(request: RollbackRequest): object {
    rootOf(request.database);
    transactions.end(request.transaction);
    return {};
  }

  function batchWrite(request: BatchWriteRequest): object {
    rootOf(request.database);
    const names = request.writes.map(targetOf);
    if (new Set(names).size !== names.length)
      throw invalid('the same document cannot be written more than once in a single request');
    const outcomes = request.writes.map((write) => attempt(() => applied(request.database, [write]).results[0]));
    return {
      writeResults: outcomes.map(({ result }) => result ?? { transformResults: [] }),
      status: outcomes.map(({ code, message }) => ({ code, message })),
    };
  }

  /** Applies one write of a document and answers with the document as it is then. */
  function one(name: string, write: Write, mask: DocumentMask | null): Document {
    const select = masked(mask);
    applied(name.split('/').slice(0, 4).join('/'), [write]);
    const stored = database.get(name);
    if (stored === undefined) throw new Refusal(status.INTERNAL, `Document "${name}" was not stored.`);
    return toWire(stored, select);
  }

  function createDocument({ parent, collectionId, documentId, document, mask }: CreateDocumentRequest): Document {
    const id = documentId === '' ? randomBytes(15).toString('hex').slice(0, 20) : documentId;
    const name = checkDocumentName(`${checkParent(parent)}/${checkId(collectionId, 'collection id')}/${id}`);
    if (document === null) throw invalid('A document is required.');
    return one(name, update({ ...document, name }, null, { conditionType: 'exists', exists: false }), mask);
  }

  function updateDocument({ document, updateMask, mask, currentDocument }: UpdateDocumentRequest): Document {
    if (document === null) throw invalid('A document is required.');
    return one(checkDocumentName(document.name), update(document, updateMask, currentDocument), mask);
  }

  function deleteDocument({ name, currentDocument }: DeleteDocumentRequest): object {
    checkDocumentName(name);
    const write: Write = { operation: 'delete', delete: name, updateMask: null, updateTransforms: [], currentDocument };
    applied(name.split('/').slice(0, 4).join('/'), [write]);
    return {};
  }

  return { commit, rollback, batchWrite, createDocument, updateDocument, deleteDocument };
}

const update = (
  document: Document,
  updateMask: DocumentMask | null,
  currentDocument: Write['currentDocument'],
): Write => ({ operation: 'update', update: document, updateMask, updateTransforms: [], currentDocument });

/** A refused write becomes its status; anything else is a fault of the emulator and fails the call. */
function attempt(work: () => WriteResult | undefined): { result?: WriteResult; code: number; message: string } {
  try {
    const result = work();
    return { ...(result && { result }), code: status.OK, message: '' };
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, message: error.details };
    throw error;
  }
}
