import type pg from 'pg';
import { Problem } from '../../../model/problem.ts';
import { driftSql, writeDriftSql } from '../catalog/catalog-sql.ts';
import { type Ceiling, changesSql } from '../changes/ceiling.ts';
import type { Plan } from '../plan.ts';
import type { Parameter } from '../settings.ts';
import { createMessages } from './messages.ts';
import { type Readable, type RowSink, type Tap, tapRows } from './row-tap.ts';

export type RunnablePlan = Exclude<Plan, { access: 'none' | 'define' }>;

export type RunOptions = {
  plan: RunnablePlan;
  parameters: readonly Parameter[];
  /** Names the operation to the server: the first statement of the transaction, and a comment before the operation's own. */
  tag: { sql: string; comment: string };
  /** Of the statement. */
  seconds: number;
  /** Rows asked for at a time. */
  batch: number;
  /** Of a read: nothing is asked for after the first batch, so that its commit can go along with it. */
  once: boolean;
  /** Told of the columns once they may leave; where the rows of the statement go. */
  onColumns: (fields: readonly pg.FieldDef[]) => RowSink;
  /** Of a write: what it may change. */
  ceiling?: Ceiling;
};

export type Run = {
  /** Resolves with the columns once the server has described them and the catalog is what it was when it was understood. */
  described: Promise<readonly pg.FieldDef[]>;
  /** Resolves at the end of a batch, with whether there may be more. A write is committed before. */
  more(): Promise<boolean>;
  /** Asks for the next batch. */
  proceed(): void;
  /** Reads nothing from the server until it resumes: the server has to wait. */
  pause(): void;
  resume(): void;
  /** Ends the statement between two batches; what follows is to roll back. */
  leave(): void;
  /** Rows changed, by the server's command tag. */
  affected(): number | undefined;
  submittable: pg.Submittable;
};

/** What is used of the driver's connection. */
type Wire = {
  stream: Readable & { readonly writable: boolean; write(bytes: Uint8Array): void };
  once(event: 'noData', listener: () => void): void;
  removeListener(event: 'noData', listener: () => void): void;
};

const isWire = (con: object): con is Wire =>
  'stream' in con &&
  [con.stream].every((stream) => typeof stream === 'object' && stream !== null && 'write' in stream) &&
  ['once', 'removeListener'].every((name) => name in con);

/** For all sessions, as whatever is written is taken at once. */
const messages = createMessages();

const nowhere: RowSink = { take() {}, skip() {} };

type Deferred<T> = { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void };

const portal = 'answer';

/** What sessions are pinned to, so that it need not be said again. */
export const defaultSeconds = 30;

/** Statements that every session prepares once. */
const prepared = {
  'sallyport-read': 'BEGIN READ ONLY',
  'sallyport-write': 'BEGIN READ WRITE',
  'sallyport-commit': 'COMMIT',
  'sallyport-drift': driftSql,
  'sallyport-write-drift': writeDriftSql,
  'sallyport-changes': changesSql,
};
/** Sessions that are ready for the first statement. */
const taps = new WeakMap<object, Tap>();

/**
 * One understood statement on the wire, always by the extended protocol: begin, parse (which locks the relations), bind, compare
 * the catalog, run, commit. A read sends all but the last at once; a write waits for the comparison.
 */
export function createRun({ plan, parameters, tag, seconds, batch, once, onColumns, ceiling }: RunOptions): Run {
  const described = deferred<readonly pg.FieldDef[]>();
  /** What the next command tags belong to, in the order they were sent. */
  const steps: string[] = [];
  let wire: Wire | undefined;
  let tap: Tap | undefined;
  let batchEnd: Deferred<boolean> = deferred();
  let failure: { error: unknown } | undefined;
  /** The catalog is what it was. */
  let unchanged = false;
  let changed: number | undefined;
  const isOnce = once && plan.access === 'read';
  let synced = false;

  const fail = (error: unknown) => {
    failure ??= { error };
    // Rows that are still on their way are thrown away.
    if (tap !== undefined) tap.sink = nowhere;
    described.reject(failure.error);
    batchEnd.reject(failure.error);
  };

  const describe = (fields: readonly pg.FieldDef[]) => {
    const masked = fields.find(
      ({ tableID, columnID }) => tableID !== 0 && plan.maskedOrigin(tableID, columnID) !== undefined,
    );
    if (masked === undefined) {
      if (tap !== undefined && failure === undefined) tap.sink = onColumns(fields);
      described.resolve(fields);
    } else {
      fail(
        new Problem('masking-unprovable', {
          detail: 'R13: a column of the result comes straight from a classified one.',
        }),
      );
    }
  };
  const nothingToDescribe = () => describe([]);

  const own = (step: string, statement: string, values: readonly string[] = []) => {
    steps.push(step);
    messages.bind({ portal: '', statement, values });
    messages.execute('', 0);
  };
  const ownText = (step: string, text: string) => {
    messages.parse({ name: '', text });
    own(step, '');
  };

  const sync = () => {
    synced = true;
    messages.sync();
  };
  /** All in one piece, as each of its own would cost as much. */
  const send = ({ stream }: Wire, write: () => void) => {
    const bytes = messages.written(write);
    if (stream.writable) stream.write(bytes);
  };

  const runPortal = () => {
    steps.push('statement');
    messages.execute(portal, plan.access === 'read' ? batch : 0);
    if (!isOnce) return messages.flush();
    own('commit', 'sallyport-commit');
    sync();
  };
  const describeAndRun = (con: Wire) => {
    con.once('noData', nothingToDescribe);
    messages.describe(portal);
    runPortal();
  };

  const end = (con: Wire, how: 'commit' | 'rollback') => {
    send(con, () => {
      if (how === 'commit') own(how, 'sallyport-commit');
      else ownText(how, 'ROLLBACK');
      sync();
    });
  };
  /** Triggers that wait for the commit run first: what they change is counted too. */
  const countChanges = (con: Wire) => {
    send(con, () => {
      ownText('setting', 'SET CONSTRAINTS ALL IMMEDIATE');
      own('changes', 'sallyport-changes');
      messages.flush();
    });
  };

  const submit = (con: object) => {
    if (!isWire(con)) throw new Error('The driver is not the one this was written for.');
    wire = con;
    tap = taps.get(con);
    const isNew = tap === undefined;
    tap ??= tapRows(con.stream);
    taps.set(con, tap);
    send(con, () => {
      if (isNew) for (const [name, text] of Object.entries(prepared)) messages.parse({ name, text });
      begin(con);
    });
  };

  const begin = (con: Wire) => {
    own('begin', plan.access === 'read' ? 'sallyport-read' : 'sallyport-write');
    ownText('setting', tag.sql);
    if (seconds !== defaultSeconds) ownText('setting', `SET LOCAL statement_timeout = ${Math.ceil(seconds * 1000)}`);
    if (plan.withoutIndexOrder)
      for (const scan of ['indexscan', 'indexonlyscan']) ownText('setting', `SET LOCAL enable_${scan} = off`);
    if (ceiling !== undefined) own('count', 'sallyport-changes');
    messages.parse({ name: '', text: `${tag.comment}${plan.text}` });
    // Planning comes first, as only then every part of a table is known and locked; nothing is run by it.
    messages.bind({ portal, statement: '', values: [...parameters.map(asText), ...plan.bindings()] });
    const drift = plan.access === 'read' ? 'sallyport-drift' : 'sallyport-write-drift';
    own('drift', drift, [`{${plan.watch.oids.join(',')}}`]);
    if (plan.access === 'read') describeAndRun(con);
    else messages.flush();
  };

  const onTag = (step: string | undefined, tag: string, con: Wire) => {
    if (step === 'drift') {
      if (!unchanged) return fail(new CatalogChanged());
      if (plan.access !== 'read') send(con, () => describeAndRun(con));
    }
    if (step === 'statement') {
      if (tap !== undefined) tap.sink = undefined;
      con.removeListener('noData', nothingToDescribe);
      // A SELECT over CTEs that write says how many rows it gives.
      changed = Number(/^(?!SELECT).* (\d+)$/.exec(tag)?.[1] ?? Number.NaN);
      // A read has said all there is: its commit need not be waited for, and the session takes nothing else before it.
      if (plan.access === 'read') batchEnd.resolve(false);
      if (isOnce) return;
      if (ceiling === undefined) end(con, 'commit');
      else countChanges(con);
    }
    if (step === 'changes') end(con, ceiling?.verdict() === undefined ? 'commit' : 'rollback');
    if (step === 'rollback') fail(ceiling?.verdict());
    if (step !== 'commit') return;
    if (tag === 'COMMIT') batchEnd.resolve(false);
    else fail(new Problem('target-rejected', { detail: 'The transaction was rolled back.' }));
  };

  const submittable = {
    submit,
    handleRowDescription: ({ fields }: { fields: pg.FieldDef[] }) => {
      wire?.removeListener('noData', nothingToDescribe);
      describe(fields);
    },
    handleDataRow: ({ fields }: { fields: (string | null)[] }) => {
      if (steps[0] === 'drift') {
        unchanged = fields[0] === plan.watch.fingerprint;
      } else if (steps[0] === 'count' || steps[0] === 'changes') ceiling?.read(fields);
      else fail(new Error('A row of the statement went to the driver.'));
    },
    handlePortalSuspended: () => {
      steps.shift();
      if (isOnce && tap !== undefined) tap.sink = undefined;
      batchEnd.resolve(!isOnce);
    },
    handleCommandComplete: ({ text }: { text: string }) => {
      const step = steps.shift();
      if (wire !== undefined && failure === undefined) onTag(step, text, wire);
    },
    handleEmptyQuery: () => fail(new Problem('operation-unreadable', { detail: 'The statement is empty.' })),
    handleReadyForQuery: () => {
      if (tap !== undefined) tap.sink = undefined;
    },
    handleError: (error: unknown) => {
      wire?.removeListener('noData', nothingToDescribe);
      fail(error);
      // No more rows come, and whoever has the session next is to get his.
      if (tap !== undefined) tap.sink = undefined;
      // After an error the server reads nothing until it is told where the next statement begins.
      if (wire !== undefined && !synced) send(wire, sync);
    },
  };

  return {
    submittable,
    described: described.promise,
    affected: () => (plan.access === 'write' && Number.isInteger(changed) ? changed : undefined),
    async more() {
      const suspended = await batchEnd.promise;
      if (suspended) batchEnd = deferred();
      return suspended;
    },
    proceed() {
      if (wire !== undefined && failure === undefined) send(wire, runPortal);
    },
    pause: () => void wire?.stream.pause(),
    resume: () => void wire?.stream.resume(),
    leave() {
      if (tap !== undefined) tap.sink = nowhere;
      wire?.removeListener('noData', nothingToDescribe);
      if (wire !== undefined && !synced) send(wire, sync);
    },
  };
}

/** The catalog is not what it was when the statement was understood. */
export class CatalogChanged extends Error {}

const asText = (value: Parameter) => (value === null ? null : String(value));

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Whoever waits sees the rejection; nobody waiting is no fault.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
