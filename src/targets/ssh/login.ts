import type { AuthHandlerMiddleware, KeyboardInteractiveAuthMethod } from 'ssh2';
import { issueCertificate } from './certificate.ts';
import type { Proof } from './credential.ts';
import type { Certified } from './internals.ts';
import type { Plan } from './plan.ts';
import type { Hop, Settings } from './settings.ts';

/** How the gateway logs in at one host: what it offers, each once. */
export type Login = {
  handler: AuthHandlerMiddleware;
  /** Offered in the place of `none`. */
  certified?: Certified;
};

/** Whom a certificate is for, and what it is needed for. */
export type Errand = {
  /** The operation and the identity, for the host's own log. */
  id: string;
  plan: Plan;
  isLast: boolean;
  now: Date;
};

export function loginAt({ user }: Hop, proof: Proof, { certificate }: Settings, errand: Errand): Login {
  switch (proof.kind) {
    case 'key':
      return { handler: once({ type: 'publickey', username: user, key: proof.key }) };
    case 'password':
      return { handler: withPassword(user, proof.password) };
    case 'authority': {
      const { id, now } = errand;
      const { principals = [user], seconds } = certificate;
      const certified = issueCertificate(proof.authority, {
        id,
        principals,
        seconds,
        now,
        extensions: neededFor(errand),
      });
      return { handler: once({ type: 'none', username: user }), certified };
    }
  }
}

function neededFor({ plan, isLast }: Errand): ('permit-port-forwarding' | 'permit-pty')[] {
  if (!isLast || plan.kind === 'forward') return ['permit-port-forwarding'];
  return plan.terminal === undefined ? [] : ['permit-pty'];
}

type Way = Parameters<Parameters<AuthHandlerMiddleware>[2]>[0];

/** One try: what a host has refused once it would count a second time. */
function once(...ways: readonly Way[]): AuthHandlerMiddleware {
  const left = [...ways];
  return () => left.shift() ?? false;
}

/** The host is asked first how it takes a password: many take it as the answer to a question alone (RFC 4256). */
function withPassword(username: string, password: string): AuthHandlerMiddleware {
  let isAsked = false;
  let isTried = false;
  return (ways: readonly string[] | null) => {
    if (!isAsked) {
      isAsked = true;
      return { type: 'none', username };
    }
    if (isTried) return false;
    isTried = true;
    if (ways?.includes('password')) return { type: 'password', username, password };
    return ways?.includes('keyboard-interactive') ? answering(username, password) : false;
  };
}

/** Answers one question whose answer is not shown, once; another is not about the password. */
function answering(username: string, password: string): KeyboardInteractiveAuthMethod {
  let isAnswered = false;
  return {
    type: 'keyboard-interactive',
    username,
    prompt(_name, _instructions, _language, prompts, finish) {
      const [question] = prompts;
      const isIt = !isAnswered && prompts.length === 1 && question?.echo !== true;
      isAnswered = true;
      finish(isIt ? [password] : prompts.map(() => ''));
    },
  };
}
