import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Kubernetes, startKubernetes } from '../../../emulators/kubernetes/kubernetes.ts';
import { mergeKubeconfig } from '../../../src/cli/kubeconfig-text.ts';

const program = process.env['KUBECTL'] ?? 'kubectl';

/** From 1.31 on it speaks WebSocket without being told to. */
function hasKubectl(): boolean {
  try {
    const { clientVersion } = JSON.parse(
      execFileSync(program, ['version', '--client', '-o', 'json'], { encoding: 'utf8' }),
    );
    return Number(clientVersion.minor) >= 31;
  } catch {
    return false;
  }
}

const manifest = `
apiVersion: v1
kind: ConfigMap
metadata: {name: applied}
data: {colour: blue}
`;

/** Where kubectl is not installed there is nothing to judge with. */
describe.skipIf(!hasKubectl())('kubectl', () => {
  let kubernetes: Kubernetes;
  let dir: string;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    dir = await mkdtemp(join(tmpdir(), 'kubectl-'));
    await writeFile(join(dir, 'config'), kubernetes.kubeconfig());
    await writeFile(join(dir, 'manifest.yaml'), manifest);
  });
  afterAll(async () => {
    await kubernetes.stop();
    await rm(dir, { recursive: true });
  });

  function kubectl(line: string, environment: Record<string, string> = {}): Promise<string> {
    const env = { PATH: process.env['PATH'], HOME: dir, KUBECONFIG: join(dir, 'config'), ...environment };
    return new Promise((resolve) => {
      execFile(program, line.split(' '), { env, cwd: dir }, (_, out, err) => resolve(out + err));
    });
  }

  test('makes, shows, changes, follows and removes things, as on any cluster', async () => {
    const steps: [line: string, expected: RegExp][] = [
      ['create configmap made --from-literal=a=b', /^configmap\/made created/],
      ['create secret generic s --from-literal=p=q', /^secret\/s created/],
      ['create deployment web --image=nginx --replicas=2', /^deployment.apps\/web created/],
      ['rollout status deployment web --timeout=10s', /successfully rolled out/],
      ['scale deployment web --replicas=3', /scaled/],
      ['get deployment web', /NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +[23]\/3 /],
      ['apply -f manifest.yaml', /^configmap\/applied created/],
      ['apply -f manifest.yaml', /^configmap\/applied unchanged/],
      ['apply --server-side --force-conflicts -f manifest.yaml', /serverside-applied/],
      ['patch configmap applied -p {"data":{"colour":"red"}}', /patched/],
      ['get configmap applied -o jsonpath={.data.colour}', /^red$/],
      ['run p --image=busybox', /^pod\/p created/],
      ['logs p', /^starting\n/],
      ['exec p -- echo hello', /^hello\n/],
      ['cp manifest.yaml p:copied', /^$/],
      ['exec p -- cat copied', /colour: blue/],
      ['describe pod p', /Status: +Running/],
      ['auth can-i delete pods', /^yes/],
      ['auth whoami', /Username +admin/],
      ['api-resources -o name', /^deployments\.apps$/m],
      ['explain deployment', /KIND: +Deployment/],
      ['delete configmap made applied', /deleted/],
      ['get configmap made', /configmaps "made" not found/],
    ];

    for (const [line, expected] of steps)
      expect([line, await kubectl(line)]).toEqual([line, expect.stringMatching(expected)]);
  }, 120_000);

  test('reaches a port of a Pod', async () => {
    const server = createServer((_, response) => void response.end('reached')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await kubectl('run forwarded --image=busybox');
    const env = { PATH: process.env['PATH'], HOME: dir, KUBECONFIG: join(dir, 'config') };
    const forwarding = spawn(program, ['port-forward', 'pod/forwarded', `:${port}`], { env });

    const [line] = await once(forwarding.stdout, 'data');
    const [, local] = /127\.0\.0\.1:(\d+)/.exec(String(line)) ?? [];
    const answer = await fetch(`http://127.0.0.1:${local}/`);

    expect(await answer.text()).toBe('reached');
    forwarding.kill();
    server.close();
  }, 60_000);

  test('asks the credential plugin of a kubeconfig of ours for its token', async () => {
    const cli = fileURLToPath(new URL('../../../src/cli/cli.ts', import.meta.url));
    const { url: server, ca: authority, token } = kubernetes;
    const entry = { name: 'ours', server, authority, command: process.execPath, args: [cli, 'token'] };
    await writeFile(join(dir, 'ours'), mergeKubeconfig(undefined, entry, { use: true }));

    const answer = await kubectl('auth whoami', { KUBECONFIG: join(dir, 'ours'), SALLYPORT_TOKEN: token });

    expect(answer).toMatch(/Username +admin/);
  }, 60_000);
});
