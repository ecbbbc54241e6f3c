import { status } from '@grpc/grpc-js';
import type { Database } from './database.ts';
import { invalid, Refusal } from './errors.ts';
import type { IndexCheck } from './indexes.ts';
import { rootOf } from './names.ts';
import { createTargetView, type TargetView } from './targets.ts';
import { fromMicros, toMicros } from './timestamps.ts';
import type { ListenRequest, Target } from './wire.ts';

export interface ListenDeps {
  database: Database;
  requireIndex: IndexCheck;
  send(message: object): void;
}

/** One Listen stream: any number of targets, all brought up to the same moment by each round of messages. */
export interface Listener {
  /** Throws a `Refusal` when the whole stream must end; a target that cannot be watched is only removed. */
  receive(request: ListenRequest): void;
  close(): void;
}

export function createListener({ database, requireIndex, send }: ListenDeps): Listener {
  const views = new Map<number, TargetView>();
  let seen = database.now();
  let closed = false;

  const targetChange = (targetChangeType: string, targetIds: number[], more: object = {}) =>
    send({ targetChange: { targetChangeType, targetIds, ...more } });

  const upTo = (at: number) => ({ readTime: fromMicros(at), resumeToken: tokenOf(at) });

  /** Tells every target what happened since the last round, and then that all of it was told. */
  function flush(): void {
    if (closed) return;
    const at = database.now();
    const changes = database.changesSince(seen)?.reverse();
    seen = at;
    if (changes?.length === 0) return;
    const messages = [...views.values()].flatMap((view) => view.update(changes));
    for (const message of messages) send(message);
    if (messages.length > 0) targetChange('NO_CHANGE', [], upTo(at));
  }

  function add(target: Target, owner: string): void {
    const id = target.targetId;
    if (views.has(id)) throw invalid(`Target id ${id} is already in use.`);
    if (id < 0) throw invalid('A target id is negative.');
    flush();
    targetChange('ADD', [id]);
    const view = createTargetView(target, owner, database, requireIndex);
    const since = resumable(target, database);
    if (since === undefined && asksToResume(target)) targetChange('RESET', [id]);
    for (const message of view.begin(since)) send(message);
    targetChange('CURRENT', [id], upTo(seen));
    targetChange('NO_CHANGE', [], upTo(seen));
    if (target.once) targetChange('REMOVE', [id]);
    else views.set(id, view);
  }

  function tryToAdd(target: Target, owner: string): void {
    const id = target.targetId || freeId(views);
    try {
      add({ ...target, targetId: id }, owner);
    } catch (error) {
      if (!(error instanceof Refusal) || views.has(id)) throw error;
      targetChange('REMOVE', [id], { cause: { code: error.code, message: error.details } });
    }
  }

  const unsubscribe = database.onCommit(flush);

  return {
    receive({ database: owner, addTarget, removeTarget }) {
      rootOf(owner);
      if (addTarget) return tryToAdd(addTarget, owner);
      if (removeTarget === undefined) throw invalid('A listen request adds or removes a target.');
      views.delete(removeTarget);
      targetChange('REMOVE', [removeTarget]);
    },
    close() {
      closed = true;
      unsubscribe();
    },
  };
}

/** A resume token is the moment it was given at, in microseconds. */
const tokenOf = (at: number): Buffer => Buffer.from(String(at));

const asksToResume = ({ resumeToken, readTime }: Target): boolean =>
  (resumeToken?.length ?? 0) > 0 || readTime !== undefined;

/** The moment to resume from, or `undefined` when there is none or it can no longer be told what happened since. */
function resumable(target: Target, database: Database): number | undefined {
  if (!asksToResume(target)) return undefined;
  const at = target.readTime ? toMicros(target.readTime) : readToken(target.resumeToken ?? Buffer.alloc(0));
  return at <= database.now() && database.changesSince(at) ? at : undefined;
}

function readToken(token: Uint8Array): number {
  const at = Number(Buffer.from(token).toString());
  if (!Number.isSafeInteger(at)) throw new Refusal(status.INVALID_ARGUMENT, 'The resume token is not one of ours.');
  return at;
}

function freeId(views: ReadonlyMap<number, TargetView>): number {
  let id = 1;
  while (views.has(id)) id += 1;
  return id;
}
