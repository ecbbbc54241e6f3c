import type { Database } from './database.ts';
import { invalid } from './errors.ts';
import { toMicros } from './timestamps.ts';
import type { Transaction, Transactions } from './transactions.ts';
import type { Consistency, TransactionOptions } from './wire.ts';

/** The moment a read is of, and the transaction it belongs to, if any. */
export interface Reading {
  at: number;
  transaction: Transaction | undefined;
  /** The id to tell the client, when the read was asked to begin a transaction. */
  begun: Buffer | undefined;
}

export interface Readings {
  open(consistency: Consistency): Reading;
  begin(options: TransactionOptions | null): Transaction;
}

/** Works out the moment of a read; refuses a future one, and a transaction that is not open. */
export function createReadings(database: Database, transactions: Transactions): Readings {
  function past(time: Consistency['readTime']): number | undefined {
    if (!time) return undefined;
    const at = toMicros(time);
    if (at > database.now()) throw invalid('The requested read_time cannot be in the future.');
    return at;
  }

  function begin(options: TransactionOptions | null): Transaction {
    const readTime = past(options?.readOnly?.readTime);
    const readOnly = options?.mode === 'readOnly';
    return transactions.begin(readTime === undefined ? { readOnly } : { readOnly, readTime });
  }

  return {
    begin,
    open({ transaction: id, newTransaction, readTime }) {
      const begun = newTransaction && begin(newTransaction);
      const transaction = begun ?? (id?.length ? transactions.find(id) : undefined);
      const at = transaction?.snapshot() ?? past(readTime) ?? database.now();
      return { at, transaction, begun: begun?.id };
    },
  };
}
