import { setTimeout as sleep } from 'node:timers/promises';
import type { FrontState } from './front.ts';
import type { LineState } from './line.ts';
import type { Act, Order, Point } from './orders.ts';
import { type Answer, type FaultStand, type Kind, until } from './stand.ts';

type Mend = () => void | Promise<void>;

/** One way in which something that the product depends on fails, and what may become of a call then. */
export type Fault = {
  name: string;
  kind: Kind;
  /** Breaks it; what it returns mends it. */
  breaks: (stand: FaultStand) => Promise<Mend>;
  /** What the caller may be told; undefined for a torn line. */
  told: readonly (number | undefined)[];
  /** Whether the target began to run it. */
  ran: boolean | 'perhaps';
  outcome: readonly ('nothing' | 'completed' | 'failed' | 'unknown')[];
  /** Broken only once the call is under way. */
  during?: boolean;
};

const served = { told: [200], ran: true, outcome: ['completed'] } as const;
/** An intent that was sent and not confirmed may still land: then it is said of it that nothing was run. */
const refused = { told: [503], ran: false, outcome: ['nothing', 'failed'] } as const;
const either = {
  told: [200, 401, 500, 503],
  ran: 'perhaps',
  outcome: ['nothing', 'completed', 'failed', 'unknown'],
} as const;

/** Longer than callers of this stand wait for an intent and for an outcome. */
const LATE = { intent: 4500, outcome: 5500 };
const HOUR = 3_600_000;

const step = (name: string, kind: Kind, [point, act, times = 1]: [Point, Act, number?], more: Outlook): Fault => ({
  ...{ name, kind, ...more },
  async breaks(stand) {
    const order: Order = { id: name, role: 'gateway', point, act, times };
    stand.orders.write({ orders: [order] });
    return () => stand.orders.write({});
  },
});

type Outlook = Pick<Fault, 'told' | 'ran' | 'outcome'>;
type LineName = 'firestore' | 'secretManager' | 'kms';

const line = (name: string, kind: Kind, [which, state]: [LineName, LineState], more: Outlook): Fault => ({
  ...{ name, kind, ...more },
  async breaks(stand) {
    stand.lines[which].set(state);
    return () => stand.lines[which].set('open');
  },
});

/** Until it was met so often. */
const bigquery = (name: string, state: FrontState, times: number): Fault => ({
  ...{ name, kind: 'write', ...served },
  async breaks({ lines }) {
    const before = lines.bigquery.faults();
    lines.bigquery.set(state, times);
    return () => until('BigQuery has failed', async () => lines.bigquery.faults() >= before + times);
  },
});

const clock = (name: string, kind: Kind, offsets: { gateway?: number; keeper?: number }): Fault => ({
  ...{ name, kind, ...either },
  async breaks(stand) {
    stand.orders.write({ clock: offsets });
    const sweeping = setInterval(stand.sweep, 300);
    return () => {
      clearInterval(sweeping);
      stand.orders.write({});
    };
  },
});

export const faults: readonly Fault[] = [
  line('Firestore cannot be reached', 'write', ['firestore', 'cut'], refused),
  line('Firestore takes requests and never answers', 'write', ['firestore', 'mute'], refused),
  line('Firestore is slow', 'write', ['firestore', { delay: 60 }], served),
  step(
    'the commit of the intent was applied, its answer is lost',
    'guarded',
    ['after the intent is committed', 'answer lost'],
    served,
  ),
  step('the commit of the intent is lost on its way', 'guarded', ['before the intent is committed', 'lost'], served),
  step(
    'the commit of the intent arrives a second time, late',
    'guarded',
    ['before the intent is committed', { late: 500 }],
    served,
  ),
  step(
    'the commit of the intent is acknowledged later than anybody waits',
    'guarded',
    ['after the intent is committed', { wait: LATE.intent }],
    {
      ...refused,
      outcome: ['failed'],
    },
  ),
  step('the commit of the intent is refused', 'guarded', ['before the intent is committed', 'refused', 2], refused),
  step(
    'the commit of the outcome was applied, its answer is lost',
    'write',
    ['after the outcome is committed', 'answer lost'],
    served,
  ),
  step('the commit of the outcome is lost on its way', 'write', ['before the outcome is committed', 'lost', 2], served),
  step(
    'the commit of the outcome is acknowledged later than anybody waits',
    'write',
    ['after the outcome is committed', { wait: LATE.outcome }],
    {
      ...served,
      told: [500],
    },
  ),
  bigquery('BigQuery is unavailable', 'unavailable', 3),
  bigquery('the rate of requests to BigQuery is exceeded', 'rateLimitExceeded', 3),
  bigquery('the quota of BigQuery is used up', 'quotaExceeded', 3),
  bigquery('BigQuery takes none of the rows, as it does not take one of them', 'stopped', 2),
  bigquery('BigQuery has the rows, and its answer is lost', 'answer lost', 2),
  bigquery('BigQuery takes every row twice', 'twice', 2),
  line('KMS cannot be reached when a human approves', 'guarded', ['kms', 'cut'], served),
  clock("the gateway's clock is half an hour fast", 'write', { gateway: HOUR / 2 }),
  clock("the gateway's clock is hours slow", 'write', { gateway: -5 * HOUR }),
  clock("the keeper's clock is hours fast: it takes the chains of the living", 'slow', { keeper: 5 * HOUR }),
  {
    name: 'the session with PostgreSQL is killed while a statement runs',
    kind: 'slow',
    during: true,
    ...{ told: [200, 422, 502, 504], ran: true, outcome: ['failed', 'completed'] },
    async breaks({ straight }) {
      await sleep(400);
      const others = "application_name = 'sallyport' and state = 'active'";
      await straight(`select pg_terminate_backend(pid) from pg_stat_activity where ${others}`);
      return () => undefined;
    },
  },
  {
    name: 'Secret Manager cannot be reached, and the secret in memory is too old',
    kind: 'write',
    ...refused,
    async breaks({ orders, lines }) {
      lines.secretManager.set('cut');
      orders.write({ clock: { gateway: 120_000 } });
      return () => {
        lines.secretManager.set('open');
        orders.write({});
      };
    },
  },
];

/** Sends the call while it is broken, and mends it. */
export async function suffer(stand: FaultStand, fault: Fault, key: number): Promise<Answer> {
  const { kind, breaks, during, name } = fault;
  const isApproval = name.startsWith('KMS');
  if (kind === 'guarded' && !isApproval) await stand.approved(key);
  const early = during === true ? stand.send(key, kind) : undefined;
  const mend = await breaks(stand);
  const answer = await (early ?? stand.send(key, kind));
  if (isApproval && (await stand.approve(answer.approval ?? '')) === 200)
    throw new Error('It was approved without a key.');
  await mend();
  await stand.untilReady('gateway');
  if (!isApproval) return answer;
  await stand.approved(key);
  return stand.send(key, kind);
}
