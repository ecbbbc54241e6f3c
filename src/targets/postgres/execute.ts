import type pg from 'pg';
import type { Limits } from '../../model/connection.ts';
import type { Operation } from '../../model/operation.ts';
import { Problem } from '../../model/problem.ts';
import type { Column, Result, Row } from '../../model/result.ts';
import type { Access } from '../target.ts';
import { createCeiling } from './ceiling.ts';
import { runProblem } from './errors.ts';
import type { Plan } from './plan.ts';
import type { Pools } from './pool.ts';
import { CatalogChanged, createRun, defaultSeconds, type Run, type RunnablePlan } from './run.ts';
import { requestSchema, type Settings } from './settings.ts';
import { readerFor } from './values.ts';

export type ExecuteDeps = {
  pools: Pools;
  /** Milliseconds after which a reply that nobody reads is given up, at the server too. */
  stall: number;
  /** Called when the catalog is no longer what it was: the snapshot is to be read anew. */
  onDrift: (access: Access<Settings>) => void;
};

type Job = { operation: Operation<Plan>; access: Access<Settings> & { limits: Limits } };

/** Rows asked for at a time, once it is known that there are more. */
const batchRows = 500;

/**
 * Runs an understood statement. It answers once the first batch is there, so that what fails at once is thrown; a write is
 * committed by then. Cancels at the server when the signal fires, the loop is left, or nobody reads.
 */
export async function execute({ operation, access }: Job, deps: ExecuteDeps): Promise<Result> {
  const { plan } = operation;
  if (plan.access === 'none') throw new Problem('masking-unprovable', operation.unprovable);
  const session = await openSession(operation, plan, access, deps);
  try {
    const fields = await session.run.described;
    const more = await session.run.more();
    if (!more) session.release();
    if (plan.access === 'define') deps.onDrift(access);
    return resultOf(session, fields, plan, more);
  } catch (error) {
    throw await session.fail(error);
  }
}

type Session = {
  run: Run;
  /** Rows that arrived and were not taken yet. */
  rows: (string | null)[][];
  truncated(): boolean;
  /** Nobody reads for a while: the wait for the reader begins anew. */
  touch(): void;
  /** Gives the session back; with `leave`, in the middle of a statement. */
  release(leave?: 'leave'): void;
  /** Ends the session and answers what to throw. */
  fail(error: unknown): Promise<Problem>;
};

async function openSession(
  { parameters: sent, atMost }: Operation<Plan>,
  plan: RunnablePlan,
  access: Access<Settings> & { limits: Limits },
  deps: ExecuteDeps,
): Promise<Session> {
  const { limits, signal } = access;
  const parameters = requestSchema.shape.parameters.parse(sent);
  const {
    rows: maxRows = Number.POSITIVE_INFINITY,
    bytes: maxBytes = Number.POSITIVE_INFINITY,
    seconds = defaultSeconds,
  } = limits;
  const client = await deps.pools.take(access);
  if (signal.aborted) {
    client.release();
    throw new Problem('timeout', { detail: 'The call was given up before anything was run.' });
  }
  const rows: (string | null)[][] = [];
  let count = 0;
  let bytes = 0;
  let truncated = false;
  let stopped: Problem | undefined;
  let open = true;

  const onRow = (values: readonly (string | null)[]) => {
    for (const value of values) bytes += value === null ? 4 : Buffer.byteLength(value) + 3;
    count += 1;
    if (count > maxRows || bytes > maxBytes) truncated = true;
    else if (!truncated) rows.push([...values]);
  };
  const run = createRun({
    plan,
    parameters,
    seconds,
    batch: Math.min(maxRows + 1, batchRows),
    onRow,
    ...(plan.access === 'write' && atMost !== undefined && { ceiling: createCeiling(atMost) }),
  });

  const close = (broken: boolean) => {
    if (!open) return;
    open = false;
    clearTimeout(deadline);
    clearTimeout(stall);
    signal.removeEventListener('abort', onAbort);
    client.release(broken);
  };
  /** Cancels at the server first: a closed socket alone would let the statement run on. */
  const stop = (problem: Problem) => {
    if (!open || stopped !== undefined) return;
    stopped = problem;
    void deps.pools.cancel(client).then(() => close(true));
  };
  const onAbort = () =>
    stop(new Problem('timeout', { detail: 'The call was given up, and the statement was cancelled.' }));
  const onStall = () => stop(new Problem('timeout', { detail: 'The reply was not read for too long.' }));
  // The server's own timeout comes first; this one is for a server that does not answer at all.
  const deadline = setTimeout(() => stop(new Problem('target-timeout')), (seconds + 2) * 1000);
  let stall = setTimeout(onStall, deps.stall + seconds * 1000);
  signal.addEventListener('abort', onAbort);
  client.query(run.submittable);

  return {
    run,
    rows,
    truncated: () => truncated,
    touch() {
      clearTimeout(stall);
      if (open) stall = setTimeout(onStall, deps.stall);
    },
    release(leave) {
      if (!open || stopped !== undefined) return;
      if (leave === undefined) return close(false);
      run.leave();
      rollBack(client).then(
        () => close(false),
        () => close(true),
      );
    },
    async fail(error) {
      const ours = error instanceof Problem || error instanceof CatalogChanged;
      if (stopped === undefined && !ours) {
        await rollBack(client).then(
          () => close(false),
          () => close(true),
        );
      } else if (stopped === undefined) close(true);
      if (error instanceof CatalogChanged) {
        deps.onDrift(access);
        return new Problem('target-rejected', { detail: 'The catalog changed; send the same request again.' });
      }
      return stopped ?? runProblem(error);
    },
  };
}

const rollBack = (client: pg.PoolClient) => client.query('ROLLBACK');

function resultOf(session: Session, fields: readonly pg.FieldDef[], plan: RunnablePlan, more: boolean): Result {
  const readers = fields.map(({ dataTypeID }) => readerFor(dataTypeID));
  const labels = plan.outputs.length === fields.length ? plan.outputs : [];
  const columns = fields.map(({ name, dataTypeID }, index): Column => {
    const masked = labels[index];
    return { name, type: plan.typeName(dataTypeID) ?? 'unknown', ...(masked !== undefined && { masked }) };
  });
  const read = (values: (string | null)[]): Row =>
    values.map((value, index) => (value === null ? null : (readers[index]?.(value) ?? value)));

  return {
    columns,
    batches: batches(session, read, more),
    summary: () => {
      const affected = session.run.affected();
      return { truncated: session.truncated(), ...(affected !== undefined && { affected }) };
    },
  };
}

async function* batches(
  session: Session,
  read: (values: (string | null)[]) => Row,
  more: boolean,
): AsyncGenerator<readonly Row[]> {
  try {
    for (let next = more; ; ) {
      session.touch();
      const rows = session.rows.splice(0).map(read);
      if (rows.length > 0) yield rows;
      if (!next || session.truncated()) return;
      session.touch();
      session.run.proceed();
      next = await session.run.more();
      if (!next) session.release();
    }
  } catch (error) {
    throw await session.fail(error);
  } finally {
    session.release('leave');
  }
}
