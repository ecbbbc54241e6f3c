import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startKubernetes } from '../emulators/kubernetes/kubernetes.ts';
import { createAuthority } from '../emulators/tls/authority.ts';
import { startBilling } from './billing/billing.ts';
import { logs, objects } from './cluster/objects.ts';
import { startFront } from './front.ts';

/** A cluster in which the gateway is `sallyport-gateway`, with a kubeconfig of its admin for whoever looks straight at it. */
export async function startCluster(port: number) {
  const token = randomBytes(24).toString('base64url');
  const gateway = { name: 'sallyport-gateway', groups: [] };
  const cluster = await startKubernetes({ port, objects, logs, tokens: { [token]: gateway } });
  return { ...cluster, gatewayToken: token };
}

export async function startBillingService(port: number) {
  const token = randomBytes(24).toString('base64url');
  return { ...(await startBilling({ port, token })), token };
}

/** The gateway by TLS, with the authority to trust in a file: clients of Kubernetes send their token no other way. */
export async function startGatewayFront({ port, to, dir }: { port: number; to: number; dir: string }) {
  const authority = createAuthority('Sallyport demo');
  const ca = join(dir, 'gateway-ca.pem');
  await writeFile(ca, authority.certificate);
  const { stop } = await startFront({ port, to, certified: authority.server(['127.0.0.1', 'localhost']) });
  return { url: `https://127.0.0.1:${port}`, ca, stop };
}
