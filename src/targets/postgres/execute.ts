import type pg from 'pg';
import { mayHoldText } from '../../masking/masking.ts';
import type { Limits } from '../../model/connection.ts';
import type { Operation } from '../../model/operation.ts';
import { Problem } from '../../model/problem.ts';
import type { Batch, Column, Rows as RowsResult } from '../../model/result.ts';
import type { Access } from '../target.ts';
import type { Catalog } from './catalog/catalog.ts';
import { createCeiling } from './changes/ceiling.ts';
import { define } from './definitions/define.ts';
import { runProblem } from './errors.ts';
import type { Plan } from './plan.ts';
import { createHeldRows } from './results/held-rows.ts';
import { createRows, type Rows } from './results/rows.ts';
import { type Writer, writerFor } from './results/values.ts';
import type { Pools } from './session/pool.ts';
import { CatalogChanged, createRun, defaultSeconds, type Run, type RunnablePlan } from './session/run.ts';
import { tagComment, tagSql } from './session/tag.ts';
import { requestSchema, type Settings } from './settings.ts';

export type ExecuteDeps = {
  pools: Pools;
  /** Milliseconds after which a reply that nobody reads is given up, at the server too. */
  stall: number;
  /** Called when the catalog is no longer what it was: the snapshot is to be read anew. */
  onDrift: (access: Access<Settings>, plan: Plan) => void;
  /** The catalog as a session sees it, what it has not committed included. */
  readCatalog: (client: pg.PoolClient, access: Access<Settings>) => Promise<Catalog>;
};

type Job = { operation: Operation<Plan>; access: Access<Settings> & { limits: Limits } };

/** Rows asked for at a time. */
const batchRows = 1024;
/** Bytes of rows that a write may return. */
const mostOfWrite = 64 * 1024 * 1024;

/**
 * Runs an understood statement. It answers once the first batch is there, so that what fails at once is thrown; a write is
 * committed by then. Cancels at the server when the signal fires, the loop is left, or nobody reads.
 */
export async function execute({ operation, access }: Job, deps: ExecuteDeps): Promise<RowsResult> {
  const { plan } = operation;
  if (plan.access === 'none') throw new Problem('masking-unprovable', operation.unprovable);
  if (plan.access === 'define') return define(plan, access, deps);
  const session = await openSession(operation, plan, access, deps);
  try {
    const fields = await session.run.described;
    await session.more();
    return resultOf(session, fields, plan);
  } catch (error) {
    throw await session.fail(error);
  }
}

/** Whether nothing was run, as the catalog is no longer what it was when the statement was understood. */
export const isDrift = (error: unknown) => error instanceof Problem && error.reason === 'catalog-changed';

type Session = {
  run: Run;
  /** Rows that arrived and were not taken yet. */
  take(): Batch | undefined;
  /** Resolves once there are rows to take, or with whether any may still come. */
  more(): Promise<boolean>;
  truncated(): boolean;
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
  let stopped: Problem | undefined;
  let open = true;
  /** Of the statement: whether the server is at work on it, waits to be asked for more, or is done. */
  let state: 'running' | 'suspended' | 'done' = 'running';
  let rows: Rows | undefined;
  const isRead = plan.access === 'read';
  // A write runs to its end whoever reads it, and is committed before anybody does.
  const held = createHeldRows(isRead ? { pause: () => run.pause(), resume: () => run.resume() } : neverPaused);
  const onColumns = (fields: readonly pg.FieldDef[]) => {
    rows = createRows({
      columns: fields.map(({ dataTypeID: oid }) => handlingOf(oid, plan)),
      maxRows,
      maxBytes: isRead ? maxBytes : Math.min(maxBytes, mostOfWrite),
      onBatch: held.add,
      onWaste: held.wake,
    });
    return rows;
  };
  const run = createRun({
    plan,
    parameters,
    tag: { sql: tagSql(access), comment: tagComment(access) },
    seconds,
    batch: Math.min(maxRows + 1, batchRows),
    once: maxRows < batchRows,
    onColumns,
    ...(plan.access === 'write' && atMost !== undefined && { ceiling: createCeiling(atMost) }),
  });

  const close = (broken: boolean) => {
    if (!open) return;
    open = false;
    if (broken) run.resume();
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

  /** The reader is waited for only while he has something to read. */
  const rest = (isReading: boolean) => {
    clearTimeout(stall);
    if (open && !isReading) stall = setTimeout(onStall, deps.stall);
  };
  const batchEnd = () => {
    state = 'running';
    const ended = run.more().then((suspended) => {
      state = suspended ? 'suspended' : 'done';
      rows?.flush();
      if (!suspended) release();
    });
    // Whoever waits sees the rejection; nobody waiting is no fault.
    ended.catch(() => {});
    return ended;
  };
  let ending = batchEnd();

  const release = (leave?: 'leave') => {
    if (!open || stopped !== undefined) return;
    if (leave === undefined) return close(false);
    // Between two batches the server waits; within one, only a cancellation ends what is on its way.
    if (state === 'running') return stop(new Problem('timeout', { detail: 'The reply was not read to its end.' }));
    run.leave();
    rollBack(client).then(
      () => close(false),
      () => close(true),
    );
  };

  return {
    run,
    take() {
      const batch = held.take();
      rest(batch === undefined);
      return batch;
    },
    async more() {
      if (state === 'suspended') {
        run.proceed();
        ending = batchEnd();
      }
      await (isRead ? Promise.race([ending, held.arrival()]) : ending);
      return !held.isEmpty() || state !== 'done';
    },
    truncated: () => rows?.truncated() ?? false,
    release,
    async fail(error) {
      const ours = error instanceof Problem || error instanceof CatalogChanged;
      if (stopped === undefined && !ours) {
        await rollBack(client).then(
          () => close(false),
          () => close(true),
        );
      } else if (stopped === undefined) close(true);
      if (error instanceof CatalogChanged) {
        deps.onDrift(access, plan);
        return new Problem('target-rejected', {
          detail: 'The catalog changed; send the same request again.',
          reason: 'catalog-changed',
        });
      }
      return stopped ?? runProblem(error);
    },
  };
}

const neverPaused = { pause() {}, resume() {} };

const rollBack = (client: pg.PoolClient) => client.query('ROLLBACK');

function resultOf(session: Session, fields: readonly pg.FieldDef[], plan: RunnablePlan): RowsResult {
  const labels = plan.outputs.length === fields.length ? plan.outputs : [];
  const columns = fields.map(({ name, dataTypeID }, index): Column => {
    const masked = labels[index];
    return { name, type: typeNameOf(plan, dataTypeID), ...(masked !== undefined && { masked }) };
  });
  return {
    form: 'rows',
    columns,
    batches: batches(session),
    summary: () => {
      const affected = session.run.affected();
      return { truncated: session.truncated(), ...(affected !== undefined && { affected }) };
    },
  };
}

type Handling = { write: Writer; mayHoldText: boolean };

/** What is done with values of a type: found once for all that is understood by one catalog and has one shape. */
const handlings = new WeakMap<RunnablePlan['typeOf'], Map<number, Handling>>();

function handlingOf(oid: number, plan: RunnablePlan): Handling {
  const known = handlings.get(plan.typeOf) ?? new Map<number, Handling>();
  handlings.set(plan.typeOf, known);
  const handling = known.get(oid) ?? {
    write: writerFor(oid, plan.typeOf),
    mayHoldText: mayHoldText(typeNameOf(plan, oid)),
  };
  known.set(oid, handling);
  return handling;
}

const typeNameOf = (plan: RunnablePlan, oid: number) => plan.typeOf(oid)?.name ?? 'unknown';

async function* batches(session: Session): AsyncGenerator<Batch> {
  try {
    for (let more = true; more; ) {
      for (let batch = session.take(); batch !== undefined; batch = session.take()) yield batch;
      more = !session.truncated() && (await session.more());
    }
  } catch (error) {
    throw await session.fail(error);
  } finally {
    session.release('leave');
  }
}
