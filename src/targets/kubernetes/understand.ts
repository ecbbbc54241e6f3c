import type { HttpRequest } from '../../model/http-request.ts';
import type { Operation } from '../../model/operation.ts';
import type { Context } from '../target.ts';
import type { Facts } from './kubernetes.ts';
import { readAddress, writeAddress } from './path.ts';
import type { Plan } from './plan.ts';
import { never } from './refusal.ts';
import { requestInfo } from './request-info.ts';

/** What a request means. Pure; whatever two readers could read differently is refused, and so is what is not known. */
export function understand(request: HttpRequest, _facts: Facts, _context: Context): Operation<Plan> {
  const address = readAddress(request.path);
  const info = requestInfo(request.method, address);
  throw never('unknown-path', `${info.verb} ${writeAddress(address)} is not served.`);
}
