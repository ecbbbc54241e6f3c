import { type HttpRequest, httpRequestSchema } from '../../model/http-request.ts';
import type { Proxy as Way } from '../../proxy/proxy.ts';
import type { Target } from '../target.ts';
import { createDiscovery, type Served } from './discovery.ts';
import { execute } from './execute.ts';
import type { Plan } from './plan.ts';
import { estimate } from './preflight.ts';
import { schemaOf } from './schema.ts';
import { openSession } from './sessions/sessions.ts';
import { type Settings, settingsSchema } from './settings.ts';
import { understand } from './understand.ts';
import { createDial } from './upstream.ts';

export type KubernetesDeps = {
  /** The way to API servers. */
  proxy: Way;
};

/** What understanding needs: what the connection's document says. What the server serves is read when it is asked for. */
export type Facts = { settings: Settings; served: () => Promise<readonly Served[]> };

/** Kubernetes of any make. A request is understood as the API server itself would (`understand.ts`), and what is sent is what was understood. */
export function createKubernetes({ proxy }: KubernetesDeps): Target<Settings, HttpRequest, Facts, Plan> {
  const discover = createDiscovery(proxy);
  return {
    kind: 'kubernetes',
    settings: settingsSchema,
    request: httpRequestSchema,
    inspect: async (access) => ({ settings: access.settings, served: () => discover(access) }),
    understand: async (request, facts, context) => understand(request, facts, context),
    estimate: (operation, access) => estimate(operation, access, proxy),
    async execute({ plan }, access) {
      if (plan.session === undefined) return execute(plan, access, proxy);
      const dial = createDial(proxy, access);
      const { unmask, path } = plan;
      return openSession(plan.session, {
        ...access,
        unmask,
        webSocket: (protocols) => dial.webSocket(path, protocols),
        spdy: (version) => dial.spdy(path, version),
      });
    },
    async schema({ settings, served }, question, { connection }) {
      return schemaOf({ served: await served(), settings, connection }, question);
    },
    async close() {},
  };
}
