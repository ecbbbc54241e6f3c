import { z } from 'zod';
import { networkSchema } from '../../proxy/proxy.ts';

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Scheme, host and port. Plain http only to the machine itself, and there the deployment must allow it, too. */
const origin = z.string().transform((text, context) => {
  const url = URL.parse(text);
  const isOrigin = url !== null && (text === url.origin || text === `${url.origin}/`);
  if (isOrigin && (url.protocol === 'https:' || (url.protocol === 'http:' && loopback.test(url.hostname)))) return url;
  context.addIssue('an https origin: scheme, host and port alone');
  return z.NEVER;
});

const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
/** `widgets.example.com`, or with a subresource `widgets.example.com/scale`. */
const customResource = z
  .string()
  .max(400)
  .regex(
    new RegExp(`^${label}(\\.${label})+(/${label})?$`),
    'a resource with its group, such as widgets.example.com or widgets.example.com/scale',
  );

/** Settings of a Kubernetes connection. */
export const settingsSchema = z.strictObject({
  server: origin,
  /** PEM of the authorities that may have signed the server's certificate. */
  ca: z.string().max(100_000).optional(),
  /** The name in its certificate, where that is not the server's host. */
  server_name: z.string().min(1).max(253).optional(),
  /** Private ranges (CIDR) that the server may be in. */
  networks: z.array(networkSchema).max(50).default([]),
  /** Resources that Kubernetes does not bring itself and that agents may reach: all others are refused. */
  custom_resources: z.array(customResource).max(200).default([]),
  /** `agent`: the server is told which agent asks (`Impersonate-User: agent:<id>`), so that the cluster's own RBAC holds for it as well. */
  impersonate: z.enum(['none', 'agent']).default('none'),
  /** Groups that an impersonated agent is in. */
  groups: z.array(z.string().min(1).max(200)).max(20).default([]),
});
export type Settings = z.output<typeof settingsSchema>;
