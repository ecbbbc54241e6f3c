import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerDuplexStream,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { createCommits, type Journal } from './commits.ts';
import type { Database } from './database.ts';
import { invalid, Refusal } from './errors.ts';
import type { IndexCheck } from './indexes.ts';
import { createListener, type Listener } from './listen.ts';
import { createListings } from './listings.ts';
import { rootOf } from './names.ts';
import { Unreadable } from './protocol.ts';
import { createReadings } from './reading.ts';
import { createReads } from './reads.ts';
import type { Transactions } from './transactions.ts';
import type { BeginTransactionRequest, ListenRequest } from './wire.ts';

interface ServiceDeps {
  database: Database;
  transactions: Transactions;
  requireIndex: IndexCheck;
  journal?: Journal | undefined;
}

export interface Service {
  /** By name; those missing here (Write, PartitionQuery, ExecutePipeline) answer UNIMPLEMENTED. */
  rpcs: UntypedServiceImplementation;
  /** Listeners read nothing more, so that the storage may be closed. */
  close(): void;
}

export function createService(deps: ServiceDeps): Service {
  const { database, transactions, requireIndex, journal } = deps;
  const readings = createReadings(database, transactions);
  const reads = createReads({ database, readings, requireIndex });
  const listings = createListings({ database, readings });
  const commits = createCommits({ database, transactions, journal });
  const listeners = new Set<Listener>();
  const rpcs = {
    GetDocument: unary(reads.getDocument),
    BatchGetDocuments: streaming(reads.batchGetDocuments),
    RunQuery: streaming(reads.runQuery),
    RunAggregationQuery: streaming(reads.runAggregationQuery),
    ListDocuments: unary(listings.listDocuments),
    ListCollectionIds: unary(listings.listCollectionIds),
    BeginTransaction: unary((request: BeginTransactionRequest) => {
      rootOf(request.database);
      return { transaction: readings.begin(request.options).id };
    }),
    Commit: unary(commits.commit),
    Rollback: unary(commits.rollback),
    BatchWrite: unary(commits.batchWrite),
    CreateDocument: unary(commits.createDocument),
    UpdateDocument: unary(commits.updateDocument),
    DeleteDocument: unary(commits.deleteDocument),
    Listen: listening(deps, listeners),
  };
  return {
    rpcs,
    close() {
      for (const listener of listeners) listener.close();
    },
  };
}

function unary<Request>(answer: (request: Request) => object): handleUnaryCall<Request | Unreadable, object> {
  return (call, callback) => {
    try {
      callback(null, answer(read(call.request)));
    } catch (error) {
      callback(refusalOf(error));
    }
  };
}

function streaming<Request>(
  answer: (request: Request) => object[],
): handleServerStreamingCall<Request | Unreadable, object> {
  return (call) => {
    try {
      for (const response of answer(read(call.request))) call.write(response);
      call.end();
    } catch (error) {
      call.emit('error', refusalOf(error));
    }
  };
}

function listening(
  { database, requireIndex }: ServiceDeps,
  open: Set<Listener>,
): handleBidiStreamingCall<ListenRequest, object> {
  return (call: ServerDuplexStream<ListenRequest | Unreadable, object>) => {
    const listener = createListener({ database, requireIndex, send: (message) => call.write(message) });
    open.add(listener);
    const close = () => {
      listener.close();
      open.delete(listener);
    };
    call.on('data', (request: ListenRequest | Unreadable) => {
      try {
        listener.receive(read(request));
      } catch (error) {
        close();
        call.emit('error', refusalOf(error));
      }
    });
    call.on('end', () => {
      close();
      call.end();
    });
    call.on('cancelled', close);
    call.on('error', close);
  };
}

function read<Request>(request: Request | Unreadable): Request {
  if (request instanceof Unreadable) throw invalid(request.reason);
  return request;
}

/** Anything but a refusal is a fault of the emulator itself: INTERNAL, and the server goes on. */
function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal(status.INTERNAL, `Emulator fault: ${String(error)}`);
}
