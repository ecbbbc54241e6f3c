import { never } from '../refusal.ts';
import type { RequestInfo } from '../request-info.ts';

/**
 * What may be asked of a server beside resources: its version, what it serves, and whether it is well.
 * Nothing else: not `/metrics`, `/logs`, `/debug`, `/configz`, nor how it signs tokens.
 */
const served: readonly { path: RegExp; asked: 'discovery' | 'health' }[] = [
  { path: /^version$/, asked: 'discovery' },
  { path: /^api(\/[^/]+)?$/, asked: 'discovery' },
  { path: /^apis(\/[^/]+){0,2}$/, asked: 'discovery' },
  { path: /^openapi\/v2$/, asked: 'discovery' },
  { path: /^openapi\/v3(\/(api|apis|version))?$/, asked: 'discovery' },
  { path: /^openapi\/v3\/api\/[^/]+$/, asked: 'discovery' },
  { path: /^openapi\/v3\/apis(\/[^/]+){1,2}$/, asked: 'discovery' },
  { path: /^(healthz|livez|readyz)(\/[^/]+){0,2}$/, asked: 'health' },
];

/** What a request beside resources asks for. */
export function servedPath({ verb, segments }: RequestInfo): 'discovery' | 'health' {
  const path = segments.join('/');
  const found = segments.every((segment) => /^[\w.-]+$/.test(segment)) && served.find((one) => one.path.test(path));
  if (!found)
    throw never(
      'unknown-path',
      'Beside resources only /version, /api, /apis, /openapi, /healthz, /livez and /readyz are served.',
    );
  if (verb !== 'get') throw never('method', 'What a server says of itself is read with GET.');
  return found.asked;
}
