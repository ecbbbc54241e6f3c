import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { forbidden, unauthorized } from './status.ts';

export type User = { name: string; groups: readonly string[]; uid?: string };

export type Users = {
  /** Whoever calls, by client certificate or bearer token. Throws a 401. */
  authenticate(request: IncomingMessage): User;
  /** A token for the user from now on. */
  issue(user: User): string;
  of(token: string): User | undefined;
};

export function createUsers(tokens: Readonly<Record<string, User>>): Users {
  const known = new Map(Object.entries(tokens).map(([token, user]) => [digest(token), user]));
  const of = (token: string) => {
    const asked = Buffer.from(digest(token));
    for (const [kept, user] of known) if (timingSafeEqual(Buffer.from(kept), asked)) return user;
    return undefined;
  };
  return {
    of,
    issue(user) {
      const token = `${randomUUID()}${randomUUID()}`;
      known.set(digest(token), user);
      return token;
    },
    authenticate(request) {
      const { authorization } = request.headers;
      const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? bearerOfProtocols(request);
      const user = bearer === undefined ? certified(request) : of(bearer);
      if (user === undefined) throw unauthorized();
      return { ...user, groups: [...new Set([...user.groups, 'system:authenticated'])] };
    },
  };
}

/** Browsers can set no header on a WebSocket: `base64url.bearer.authorization.k8s.io.<token>` among the subprotocols. */
function bearerOfProtocols({ headers }: IncomingMessage): string | undefined {
  const found = /base64url\.bearer\.authorization\.k8s\.io\.([\w-]+)/.exec(headers['sec-websocket-protocol'] ?? '');
  return found?.[1] === undefined ? undefined : Buffer.from(found[1], 'base64url').toString();
}

function certified({ socket }: IncomingMessage): User | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  if (subject?.CN === undefined) return undefined;
  return { name: String(subject.CN), groups: [subject.O ?? []].flat() };
}

/** `Impersonate-User` and its groups, for whoever may. `may` is asked for the user and each group. */
export function impersonated(
  user: User,
  { headers }: IncomingMessage,
  may: (user: User, resource: 'users' | 'groups', name: string) => boolean,
): User {
  const name = headers['impersonate-user'];
  if (typeof name !== 'string') return user;
  const groups = [headers['impersonate-group'] ?? []].flat().flatMap((group) => group.split(/,\s*/));
  const asked = [['users', name] as const, ...groups.map((group) => ['groups', group] as const)];
  for (const [resource, one] of asked) {
    if (may(user, resource, one)) continue;
    throw forbidden({ group: '', name: resource }, one, denial(user, { verb: 'impersonate', resource, group: '' }));
  }
  return { name, groups: [...groups, 'system:authenticated'] };
}

/** Why not, in the words of the real server. */
export function denial(
  { name }: User,
  asked: { verb: string; resource: string; subresource?: string; group: string; namespace?: string },
): string {
  const resource = asked.subresource ? `${asked.resource}/${asked.subresource}` : asked.resource;
  const place = asked.namespace ? `in the namespace "${asked.namespace}"` : 'at the cluster scope';
  return `User "${name}" cannot ${asked.verb} resource "${resource}" in API group "${asked.group}" ${place}`;
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
