import { connectionSchema } from '../../../src/model/documents.ts';
import { httpRequestSchema } from '../../../src/model/http-request.ts';
import type { Operation } from '../../../src/model/operation.ts';
import type { Plan } from '../../../src/targets/kubernetes/plan.ts';
import { settingsSchema } from '../../../src/targets/kubernetes/settings.ts';
import { understand } from '../../../src/targets/kubernetes/understand.ts';

type Given = {
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: unknown;
  upgrade?: { to: string; protocols: string[] };
  custom?: string[];
  unmask?: string[];
  classification?: Record<string, Record<string, string>>;
};

export const webSocket = { to: 'websocket', protocols: ['v5.channel.k8s.io'] };

const tokenKey = () => new Uint8Array(32);

/** What a request of an agent means to a cluster that lists these custom resources. */
export function understood(method: string, path: string, given: Given = {}): Operation<Plan> {
  const { headers = {}, body, upgrade, custom = [], unmask = [], classification = {} } = given;
  const settings = settingsSchema.parse({ server: 'https://cluster.example', custom_resources: custom });
  const document = connectionSchema.parse({
    kind: 'kubernetes',
    settings: {},
    credential: { secret: 'projects/p/secrets/s' },
  });
  const request = httpRequestSchema.parse({
    method,
    path,
    headers,
    ...(body !== undefined && { body }),
    ...(upgrade !== undefined && { upgrade }),
  });
  const classified = new Map(
    Object.entries(classification).map(([key, paths]) => [key, new Map(Object.entries(paths))]),
  );
  const connection = {
    name: 'prod',
    version: JSON.stringify(classification),
    document,
    classification: classified,
    transforms: new Map(),
  };
  const seal = (className: string) => `«${className}:…»`;
  return understand(request, { settings }, { connection, unmask, seal, tokenKey });
}

/** `write bulk,unbounded team-a/pods/*`: verb, risks where there are any, and what it touches. */
export function told(method: string, path: string, given: Given = {}): string {
  const { verb, risks, resources } = understood(method, path, given);
  return [verb, risks.join(','), resources.join(' ')].filter((part) => part !== '').join(' ');
}
