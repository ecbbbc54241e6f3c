import type { Operation } from '../../model/operation.ts';
import type { Duplex } from '../../model/result.ts';
import { relayed } from '../../platform/relayed.ts';
import type { Execution } from '../target.ts';
import { type ChangedKey, connect } from './connect.ts';
import { proofOf } from './credential.ts';
import type { createLinks, Lease } from './links.ts';
import { loginAt } from './login.ts';
import { openForward } from './open-channel.ts';
import type { Plan } from './plan.ts';
import { openProgram } from './program.ts';
import type { Settings } from './settings.ts';
import { writeTo } from './write-to.ts';

export type ExecuteDeps = {
  allowLoopback: boolean;
  links: ReturnType<typeof createLinks>;
  alarm: (changed: ChangedKey & { connection: string }) => void;
  now: () => Date;
};

/** Does on the host what was understood, and gives the connection to it. Throws `CredentialRejected`, or a Problem, before anything ran. */
export async function execute(
  { plan }: Operation<Plan>,
  access: Execution<Settings>,
  deps: ExecuteDeps,
): Promise<Duplex> {
  const { limits } = access;
  const timed = limits.seconds === undefined ? [] : [AbortSignal.timeout(limits.seconds * 1000)];
  const signal = AbortSignal.any([access.signal, ...timed]);
  const lease = await lend(plan, { ...access, signal }, deps);
  try {
    return plan.kind === 'forward'
      ? await forward(plan.forward, lease, { signal, limits })
      : await openProgram(lease.link, plan, { ...access, ...lease, signal });
  } catch (thrown) {
    lease.release(false);
    throw thrown;
  }
}

/** A certificate names the operation in the host's log, so its connection serves that one alone. */
function lend(
  plan: Plan,
  access: Execution<Settings>,
  { links, allowLoopback, alarm, now }: ExecuteDeps,
): Promise<Lease> {
  const { connection, settings, secret, caller, signal, operation = '' } = access;
  const proof = proofOf(secret);
  const key = JSON.stringify([connection.name, connection.version, secret.version, caller.member]);
  const errand = { id: `${operation} ${caller.member}`.trim(), plan, now: now() };
  return links.lease(proof.kind === 'authority' ? undefined : key, () =>
    connect(settings, {
      allowLoopback,
      signal,
      logIn: (hop, isLast) => loginAt(hop, proof, settings, { ...errand, isLast }),
      alarm: (changed) => alarm({ connection: connection.name, ...changed }),
    }),
  );
}

/** Bytes both ways; a message of none ends what the caller says. */
async function forward(
  to: { host: string; port: number },
  { link, release }: Lease,
  running: Pick<Execution, 'signal' | 'limits'>,
): Promise<Duplex> {
  const { channel, incoming } = await openForward(link, to, running.signal);
  async function* messages() {
    try {
      for (let piece = await incoming.next(); piece !== undefined; piece = await incoming.next()) yield piece.bytes;
    } finally {
      release(false);
    }
  }
  return relayed(
    {
      messages: { [Symbol.asyncIterator]: messages },
      async send(bytes) {
        if (bytes.byteLength > 0) await writeTo(channel, bytes, link.gone);
        else if (!link.gone.aborted) channel.end();
      },
      close: () => release(false),
    },
    running,
    { protocol: '' },
  );
}
