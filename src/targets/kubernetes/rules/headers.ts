import type { HttpRequest } from '../../../model/http-request.ts';
import { never } from '../refusal.ts';

/** What would make a server take the caller for somebody else, or the request for another one; an `Authorization` beside the gateway's own ends before. */
const refused: readonly [RegExp, string][] = [
  [/^impersonate-/, 'Nobody is impersonated through the gateway: leave out --as, --as-group and --as-uid.'],
  [/^x-remote-/, 'Leave out X-Remote-*: the gateway itself says who asks.'],
  [/^x-(http-)?method(-override)?$/, 'Send the method itself, and no header that overrides it.'],
  [/^x-(original|rewrite)-(url|uri|method)$/, 'Send the path itself, and no header that overrides it.'],
  [/^(cookie|proxy-authorization)$/, 'Leave out Cookie and Proxy-Authorization.'],
];

/** Refuses headers that mean to change who asks or what; all others but those that are read here never reach the server. */
export function refuseHeaders({ headers }: HttpRequest): void {
  for (const name of headers.keys())
    for (const [pattern, detail] of refused) if (pattern.test(name)) throw never('header', detail);
}
