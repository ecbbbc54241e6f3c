import { Hono } from 'hono';
import type { Identity, Presented } from '../model/identity.ts';
import { asProblem, Problem } from '../model/problem.ts';
import { readBearer } from './agent-context.ts';
import { renderProblem } from './reply.ts';

export type KeeperDeps = {
  authenticate(presented: Presented): Promise<Identity>;
  /** The only member that may ask for a task. */
  scheduler: string;
  /** By name; each is idempotent and safe to run twice at once. */
  tasks: Readonly<Record<string, () => Promise<object>>>;
  ready: () => boolean;
  onFault: (error: unknown) => void;
};

/** The keeper's tasks, for Cloud Scheduler alone. */
export function createKeeperApi({ authenticate, scheduler, tasks, ready, onFault }: KeeperDeps): Hono {
  const app = new Hono();
  app.get('/healthz', (context) => context.json({ status: 'alive' }));
  app.get('/readyz', (context) =>
    ready() ? context.json({ status: 'ready' }) : context.json({ status: 'not ready' }, 503),
  );
  app.post('/tasks/:task', async (context) => {
    const identity = await authenticate(readBearer(context.req.raw.headers));
    if (identity.member !== scheduler) throw new Problem('denied');
    const name = context.req.param('task');
    const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
    if (task === undefined) throw new Problem('not-found');
    return context.json(await task());
  });
  app.notFound(() => renderProblem(new Problem('not-found')));
  app.onError((error) => {
    const problem = asProblem(error);
    if (problem.code === 'internal') onFault(problem.cause);
    return renderProblem(problem);
  });
  return app;
}
