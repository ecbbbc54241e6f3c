import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';

/**
 * A real API server for the tests of this folder, which are skipped where none is given:
 *
 * - `SALLYPORT_TEST_KUBE_URL`: its origin, on https
 * - `SALLYPORT_TEST_KUBE_CA`: the file with its certificate authority
 * - `SALLYPORT_TEST_KUBE_TOKEN`: a bearer token that may do with ordinary resources what the gateway is to do; no RBAC
 * - `SALLYPORT_TEST_KUBE_ADMIN_TOKEN`: one that may do anything: for setting the stage
 * - `SALLYPORT_TEST_KUBECTLS`: programs to try, separated by commas (`kubectl`)
 *
 * It needs a Node `n1` whose kubelet serves any Pod that is bound to it, and no controllers: they would change what is compared.
 */
export type Server = { url: URL; ca: string; token: string; admin: string; kubectls: readonly string[] };

export function serverOfEnvironment(environment = process.env): Server | undefined {
  const url = environment['SALLYPORT_TEST_KUBE_URL'];
  const ca = environment['SALLYPORT_TEST_KUBE_CA'];
  const token = environment['SALLYPORT_TEST_KUBE_TOKEN'];
  const admin = environment['SALLYPORT_TEST_KUBE_ADMIN_TOKEN'];
  if (url === undefined || ca === undefined || token === undefined || admin === undefined) return undefined;
  const kubectls = (environment['SALLYPORT_TEST_KUBECTLS'] ?? 'kubectl').split(',');
  return { url: new URL(url), ca: readFileSync(ca, 'utf8'), token, admin, kubectls };
}

export type Admin = ReturnType<typeof asAdmin>;

/** Asks the server itself, as its administrator. Throws on any answer but one of success, or 404 where that is said to be well. */
export function asAdmin({ url, ca, admin }: Server) {
  const dispatcher = new Agent({ connect: { ca } });
  return async function ask(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown) {
    const answer = await request(new URL(path, url), {
      method,
      dispatcher,
      headers: {
        authorization: `Bearer ${admin}`,
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300 && answer.statusCode !== 404 && answer.statusCode !== 409)
      throw new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 500)}`);
    return JSON.parse(text) as {
      items?: { metadata: { name: string; finalizers?: string[] } }[];
      metadata?: { uid?: string };
      minor?: string;
    };
  };
}
