import { type HttpRequest, httpRequestSchema } from '../../model/http-request.ts';
import type { Body } from '../../model/result.ts';
import type { Proxy as HttpProxy } from '../../proxy/proxy.ts';
import type { Target } from '../target.ts';
import { execute } from './execute.ts';
import { createMasks } from './masks.ts';
import type { Plan } from './plan.ts';
import { schemaOf } from './schema.ts';
import { type Settings, settingsSchema } from './settings.ts';
import { understand } from './understand.ts';

export type HttpDeps = {
  proxy: HttpProxy;
  /** Milliseconds without a byte after which a service is given up. */
  stall?: number;
};

/**
 * HTTP services. A request is one of the operations that the connection declares, by method and path template, or it is refused
 * (`understand.ts`); it is sent as it was judged, with the credential (`execute.ts`); and of the answer leaves what can be looked into,
 * masked as it comes (`answer.ts`).
 */
export function createHttp({ proxy, stall = 30_000 }: HttpDeps): Target<Settings, HttpRequest, Settings, Plan, Body> {
  const masksFor = createMasks();
  return {
    kind: 'http',
    settings: settingsSchema,
    request: httpRequestSchema,
    /** What is understood by stands in the settings; the service is asked nothing. */
    async inspect({ settings }) {
      return settings;
    },
    async understand(request, settings, context) {
      return understand(request, settings, context, masksFor);
    },
    execute: (operation, access) => execute(operation, access, { proxy, stall }),
    async schema(settings, question, { connection }) {
      return schemaOf(settings, question, connection);
    },
    async close() {},
  };
}
