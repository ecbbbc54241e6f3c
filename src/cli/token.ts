import { defineCommand } from 'citty';
import type { FetchIdToken } from '../platform/google-id-token.ts';
import { safeAddress, tokenArgs } from './address.ts';
import { finish, type Surroundings, tokenOf } from './command.ts';
import { GatewayRefused } from './gateway-client.ts';

const args = {
  audience: {
    type: 'string',
    description: 'Whom the token is for; else SALLYPORT_AUDIENCE, else the gateway.',
    valueHint: 'url',
  },
  gateway: { type: 'string', description: 'The gateway’s address; else SALLYPORT_GATEWAY.', valueHint: 'url' },
  raw: { type: 'boolean', default: false, description: 'The token alone, for any client but kubectl.' },
  ...tokenArgs,
} as const;

/** `sallyport token`: the credential plugin of kubectl and its libraries. */
export function createTokenCommand(surroundings: Surroundings) {
  const { terminal, environment } = surroundings;
  return defineCommand({
    meta: {
      name: 'token',
      description: 'Print your token for the gateway, as kubectl asks a credential plugin for it.',
    },
    args,
    run: ({ args: given }) =>
      finish(surroundings, Object.keys(args), given, async () => {
        const fetchIdToken: FetchIdToken = async (audience) =>
          (await import('../platform/google-id-token.ts')).fetchGoogleIdToken(audience);
        const file = given['token-file'] ?? environment['SALLYPORT_TOKEN_FILE'];
        const named = given.audience ?? environment['SALLYPORT_AUDIENCE'];
        const audience = named ?? originOf(given.gateway ?? environment['SALLYPORT_GATEWAY']);
        const token = await ownToken({ file, environment, audience, fetchIdToken });
        terminal.write(`${given.raw ? token : credentialOf(token, new Date())}\n`);
        return 0;
      }),
  });
}

function originOf(gateway: string | undefined): string | undefined {
  return gateway === undefined ? undefined : safeAddress(gateway)?.origin;
}

/** Of a file or the environment; else an ID token of Google's for the audience. Refuses where there is none of them. */
export async function ownToken(from: {
  file: string | undefined;
  environment: Surroundings['environment'];
  audience: string | undefined;
  fetchIdToken: FetchIdToken;
}): Promise<string> {
  const { file, environment, audience, fetchIdToken } = from;
  if (file !== undefined || environment['SALLYPORT_TOKEN']) return tokenOf(file, environment);
  if (audience === undefined) {
    throw new GatewayRefused(
      'Whom is the token for? Name the gateway with --audience or SALLYPORT_AUDIENCE, or give a token with --token-file or SALLYPORT_TOKEN.',
    );
  }
  try {
    return await fetchIdToken(audience);
  } catch (cause) {
    throw new GatewayRefused(
      `Google gives no ID token for ${audience} here. Log in with "gcloud auth application-default login", or give a token with --token-file or SALLYPORT_TOKEN.`,
      { cause },
    );
  }
}

/**
 * The answer of a credential plugin (`client.authentication.k8s.io/v1`), with the time at which the token ends, so that it is asked for
 * again by then. Refuses a token that has ended: kubectl would ask for it again and again.
 */
export function credentialOf(token: string, now: Date): string {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new GatewayRefused('The token holds characters that no header may hold.');
  const end = endOf(token);
  if (end !== undefined && end <= now) throw new GatewayRefused(`The token has ended at ${end.toISOString()}.`);
  const expirationTimestamp = end?.toISOString().replace(/\.\d+/, '');
  const status = { token, ...(expirationTimestamp !== undefined && { expirationTimestamp }) };
  return JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status });
}

/** What a JWT says of its own end: not verified, as the gateway does that. Undefined for any other token. */
function endOf(token: string): Date | undefined {
  const [, payload = ''] = token.split('.');
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return Number.isSafeInteger(exp) ? new Date(exp * 1000) : undefined;
  } catch {
    return undefined;
  }
}
