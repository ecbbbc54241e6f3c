import { spawn } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { files } from './files.ts';
import { NAMESPACE } from './stage.ts';

export type Ran = { status: number | null; stdout: string; stderr: string };
export type Place = { url: string; ca: string; token: string; prefix: string };

const MOST_SECONDS = 40;

/**
 * A shell in which `kubectl` is the given program, configured for one place alone, in a folder of its own with the files of the table.
 * `$PREFIX` is what a path that is written out must begin with.
 */
export async function createShell(dir: string, kubectl: string, place: Place) {
  const [bin, work] = [join(dir, 'bin'), join(dir, 'work')];
  await mkdir(bin, { recursive: true });
  await symlink(kubectl, join(bin, 'kubectl'));
  await writeFile(join(dir, 'ca.crt'), place.ca);
  await writeFile(join(dir, 'config'), JSON.stringify(configOf(place, join(dir, 'ca.crt'))));

  return async function run(script: string, environment: Record<string, string> = {}): Promise<Ran> {
    await mkdir(work, { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      await mkdir(join(work, name, '..'), { recursive: true });
      await writeFile(join(work, name), content);
    }
    const child = spawn('timeout', ['-k', '2', String(MOST_SECONDS), 'bash', '-c', script], {
      cwd: work,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: `${bin}:${process.env['PATH']}`,
        HOME: dir,
        TZ: 'UTC',
        KUBECONFIG: join(dir, 'config'),
        KUBE_EDITOR: 'sed -i s/blue/green/',
        KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'true',
        PREFIX: place.prefix,
        ...environment,
      },
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
      });
    return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...said })));
  };
}

function configOf({ url, token }: Place, ca: string) {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority': ca } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: NAMESPACE } }],
    'current-context': 'x',
  };
}
