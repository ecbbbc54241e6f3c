import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from 'citty';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createKubeconfigCommand } from '../../src/cli/kubeconfig.ts';
import { mergeKubeconfig } from '../../src/cli/kubeconfig-text.ts';
import { plain } from '../../src/cli/terminal.ts';

const entry = {
  name: 'sallyport-prod',
  server: 'https://gateway.example/k8s/prod',
  command: '/usr/bin/sallyport',
  args: ['token', '--audience', 'https://gateway.example'],
};

describe('a kubeconfig', () => {
  test('names the gateway and a credential plugin, and holds no secret', () => {
    const { clusters, users, contexts, ...rest } = parse(mergeKubeconfig(undefined, entry, { use: true }));

    expect(clusters).toEqual([{ name: 'sallyport-prod', cluster: { server: entry.server } }]);
    expect(users[0].user).toEqual({
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: '/usr/bin/sallyport',
        args: entry.args,
        env: null,
        interactiveMode: 'Never',
        provideClusterInfo: false,
      },
    });
    expect(contexts[0].context).toEqual({ cluster: 'sallyport-prod', user: 'sallyport-prod' });
    expect(rest).toMatchObject({ kind: 'Config', 'current-context': 'sallyport-prod' });
  });

  test('keeps what else was in it, and replaces the entry of the same name', () => {
    const other = { name: 'other', cluster: { server: 'https://other.example', 'proxy-url': 'http://proxy' } };
    const known = { clusters: [other, { name: entry.name, cluster: {} }], users: null, preferences: { colors: true } };

    const merged = parse(mergeKubeconfig(JSON.stringify(known), entry, { use: true }));

    expect(merged.clusters).toEqual([other, { name: entry.name, cluster: { server: entry.server } }]);
    expect(merged.preferences).toEqual({ colors: true });
  });

  test('leaves the current context where it is told to', () => {
    const merged = parse(mergeKubeconfig('current-context: other', entry, { use: false }));

    expect(merged['current-context']).toBe('other');
  });

  test.each(['a: [', 'clusters: none', '- a list'])('that is none (%s) is not written over', (known) => {
    expect(() => mergeKubeconfig(known, entry, { use: true })).toThrow('left as it is');
  });
});

describe('sallyport kubeconfig', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  async function run(args: string[]): Promise<{ err: string; code: number | undefined }> {
    const said = { err: '', code: undefined as number | undefined };
    const command = createKubeconfigCommand({
      terminal: {
        write: () => {},
        complain: (text) => {
          said.err += text;
        },
        paint: plain,
        ask: undefined,
      },
      environment: { KUBECONFIG: join(dir, 'kube', 'config'), SALLYPORT_GATEWAY: 'https://gateway.example/' },
      exit: (status) => {
        said.code = status;
      },
    });
    await runCommand(command, { rawArgs: args });
    return said;
  }

  test('writes a file that its owner alone can read, where kubectl looks for it', async () => {
    const { code } = await run(['prod', '--namespace', 'team-a']);

    const file = join(dir, 'kube', 'config');
    expect(code).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(parse(await readFile(file, 'utf8'))).toMatchObject({
      clusters: [{ cluster: { server: 'https://gateway.example/k8s/prod' } }],
      contexts: [{ context: { namespace: 'team-a' } }],
      users: [
        {
          user: {
            exec: {
              command: process.execPath,
              args: [expect.stringMatching(/cli\.ts$/), 'token', '--audience', 'https://gateway.example'],
            },
          },
        },
      ],
    });
  });

  test('leaves a file alone that is no kubeconfig', async () => {
    const file = join(dir, 'notes');
    await writeFile(file, '- mine');

    const { code, err } = await run(['prod', '--file', file]);

    expect([code, err]).toEqual([1, expect.stringContaining('left as it is')]);
    expect(await readFile(file, 'utf8')).toBe('- mine');
  });

  test.each([
    [['prod', '--gateway', 'http://127.0.0.1:8080'], 'https'],
    [['../prod'], 'no name of a connection'],
    [['prod', '--certificate-authority', '/nowhere.pem'], 'cannot be read'],
    [['prod', '--prnt'], 'no option --prnt'],
  ])('%j is refused', async (args, words) => {
    const { code, err } = await run(args);

    expect([code, err]).toEqual([1, expect.stringContaining(words)]);
  });
});
