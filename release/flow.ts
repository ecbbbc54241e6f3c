import { type CloudRun, digestOf, type Standing } from './cloud-run.ts';

/** Marks on revisions, in Cloud Run itself, so that they outlive a build that was killed. */
const BEFORE = 'before';
export const CANDIDATE = 'candidate';

/**
 * Who is rolled out, in this order. The keeper ships what gateways write and the console decides what they ask: both must know a new form
 * before the first gateway writes it. Back it goes the other way round.
 */
const roles = ['keeper', 'console', 'gateway'] as const;
type Role = (typeof roles)[number];

/** One service on its way from a revision to another. */
export type Move = { role: Role; service: string; before: string; candidate: string };

export type ReleaseDeps = {
  cloudRun: CloudRun;
  /** What the services' names begin with. */
  name: string;
  /** Tries the gateway's candidate from outside. Throws what is wrong. */
  smoke(gateway: Standing, image: string): Promise<void>;
  /** Resolves after a while in which nothing was wrong; throws as soon as something is. */
  watch(moves: readonly Move[]): Promise<void>;
  /** Percent of the gateway's traffic, step by step; 100 comes last. */
  steps: readonly number[];
  /** Aborted: stop, and put everything back. */
  signal: AbortSignal;
  say(line: string): void;
};

/**
 * Brings this image to all three services, or leaves all as they were: whatever fails puts back the revisions that served before. A
 * second run of what is done already changes nothing; what a run left that was killed is put back first.
 */
export async function rollOut(deps: ReleaseDeps, image: string): Promise<void> {
  const { say } = deps;
  await recover(deps);
  const moves = await findMoves(deps, digestOf(image));
  if (moves.length === 0) return say(`All three serve ${digestOf(image)} already.`);
  const begun: Move[] = [];
  try {
    await stage(deps, moves, image, begun);
    await shift(deps, moves);
    await conclude(deps, moves);
  } catch (error) {
    say(`Stopped: ${error instanceof Error ? error.message : error}`);
    await putBack(deps, begun);
    throw error;
  }
}

/** Puts back what a release left that did not come to its end. Resolves with whether there was one. */
export async function recover({
  cloudRun,
  name,
  say,
}: Pick<ReleaseDeps, 'cloudRun' | 'name' | 'say'>): Promise<boolean> {
  const left: Pick<Move, 'service' | 'before'>[] = [];
  for (const role of roles) {
    const { service, tags } = await cloudRun.look(`${name}-${role}`);
    const before = tags[BEFORE]?.revision;
    if (before !== undefined) left.push({ service, before });
    else if (tags[CANDIDATE] !== undefined)
      throw new Error(`${service} has a revision tagged ${CANDIDATE} and none tagged ${BEFORE}: look at its traffic.`);
  }
  if (left.length === 0) return false;
  say('A release before this one did not come to its end.');
  await putBack({ cloudRun, say }, left);
  return true;
}

/** The services that do not serve this digest yet. Refuses where it is not clear what to go back to. */
async function findMoves({ cloudRun, name }: ReleaseDeps, digest: string): Promise<Move[]> {
  const moves: Move[] = [];
  for (const role of roles) {
    const { service, traffic } = await cloudRun.look(`${name}-${role}`);
    const [before, ...more] = Object.keys(traffic);
    if (before === undefined || more.length > 0)
      throw new Error(`The traffic of ${service} is ${JSON.stringify(traffic)}: give all of it to one revision first.`);
    if ((await cloudRun.revision(before)).digest !== digest) moves.push({ role, service, before, candidate: '' });
  }
  return moves;
}

/** Candidates of all, without traffic, and the gateway's tried. `begun`: told of each service before it is touched. */
async function stage(deps: ReleaseDeps, moves: readonly Move[], image: string, begun: Move[]) {
  const { cloudRun, smoke, signal, say } = deps;
  for (const move of moves) {
    signal.throwIfAborted();
    begun.push(move);
    // By name from now on, whatever is made: the newest revision must not serve because it is the newest.
    await cloudRun.route(move.service, { to: { [move.before]: 100 }, tag: { [BEFORE]: move.before } });
    move.candidate = await cloudRun.deploy(move.service, image);
    await cloudRun.route(move.service, { tag: { [CANDIDATE]: move.candidate } });
    say(`${move.candidate} is ready, without traffic.`);
  }
  const gateway = moves.find(({ role }) => role === 'gateway');
  if (gateway === undefined) return;
  signal.throwIfAborted();
  await smoke(await cloudRun.look(gateway.service), image);
  say(`${gateway.candidate} answers as it should.`);
}

/** Keeper and console at once, then the gateway step by step, each watched. */
async function shift({ cloudRun, steps, watch, signal, say }: ReleaseDeps, moves: readonly Move[]) {
  let given = 0;
  const give = async ({ service, before, candidate }: Move, percent: number) => {
    signal.throwIfAborted();
    await cloudRun.route(service, {
      to: percent === 100 ? { [candidate]: 100 } : { [candidate]: percent, [before]: 100 - percent },
    });
    say(`${candidate} gets ${percent} %.`);
  };
  for (const move of moves.filter(({ role }) => role !== 'gateway')) await give(move, 100);
  await watch(moves);
  for (const move of moves.filter(({ role }) => role === 'gateway')) {
    for (const percent of steps) {
      await stillOurs(cloudRun, move, given);
      await give(move, percent);
      given = percent;
      await watch(moves);
    }
  }
}

/** Somebody else who moves traffic at the same time must not be overruled unawares. */
async function stillOurs(cloudRun: CloudRun, { service, candidate }: Move, percent: number) {
  const { traffic } = await cloudRun.look(service);
  if ((traffic[candidate] ?? 0) !== percent) throw new Error(`Somebody else moved the traffic of ${service}.`);
}

/** The marks go last, in the order of the release: a gateway is never newer than a keeper that would still be put back. */
async function conclude({ cloudRun, signal, say }: ReleaseDeps, moves: readonly Move[]) {
  for (const { service, candidate } of moves) {
    signal.throwIfAborted();
    // The newest serves again by itself, so that what Terraform changes takes effect as before; but not one that nobody tried.
    const { newest } = await cloudRun.look(service);
    const to = newest === candidate ? 'latest' : { [candidate]: 100 };
    await cloudRun.route(service, { to, untag: [BEFORE, CANDIDATE] });
  }
  say('Rolled out.');
}

/** Tries each service, whatever happens to another; throws when one could not be put back, with what to do by hand. */
async function putBack(
  { cloudRun, say }: Pick<ReleaseDeps, 'cloudRun' | 'say'>,
  moves: readonly Pick<Move, 'service' | 'before'>[],
) {
  const failed: string[] = [];
  for (const { service, before } of moves.toReversed()) {
    try {
      await cloudRun.route(service, { to: { [before]: 100 }, untag: [BEFORE, CANDIDATE] });
      say(`${before} serves all of ${service}, as before.`);
    } catch (error) {
      failed.push(`gcloud run services update-traffic ${service} --to-revisions=${before}=100`);
      say(`${service} could not be put back: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (failed.length > 0) throw new Error(`Put back by hand:\n${failed.join('\n')}`);
}
