import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from 'citty';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSshConfigCommand } from '../../src/cli/ssh-config.ts';
import { sshConfig } from '../../src/cli/ssh-config-text.ts';
import { plain } from '../../src/cli/terminal.ts';
import { connectionSchema } from '../../src/model/documents.ts';
import { hasOpenSsh } from '../tunnel/openssh.ts';
import { hostKey, serveTunnels } from '../tunnel/served.ts';

const host = {
  name: 'sallyport-bastion',
  hostKey: hostKey.public,
  proxy: ['/opt/it’s 100%/sallyport', 'tunnel', 'bastion'],
};

describe.skipIf(!hasOpenSsh)('what ssh is told', () => {
  test('is what ssh understands: its own key alone is trusted, and neither key nor agent is offered', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'ssh-config-'));
    const file = join(dir, 'config');
    await writeFile(file, sshConfig([host], 'within'));

    const known = execFileSync('ssh', ['-G', '-F', file, 'sallyport-bastion'], { encoding: 'utf8' });
    await rm(dir, { recursive: true });

    expect(known.split('\n')).toEqual(
      expect.arrayContaining([
        'stricthostkeychecking true',
        'userknownhostsfile /dev/null',
        'hostkeyalias sallyport-bastion',
        `knownhostscommand /bin/echo sallyport-bastion ${hostKey.public}`,
        'forwardagent no',
        'identityagent none',
        "proxycommand '/opt/it’s 100%%/sallyport' tunnel bastion",
      ]),
    );
  });
});

describe('sallyport ssh-config', () => {
  let dir: string;
  const closing: (() => unknown)[] = [];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ssh-config-'));
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await rm(dir, { recursive: true });
  });

  const aDocument = (kind: string) =>
    connectionSchema.parse({ kind, settings: {}, credential: { secret: 'projects/p/secrets/s' } });

  async function run(args: string[], names = ['crm']) {
    const connections = new Map(names.map((name) => [name, aDocument('ssh')]));
    const empty = {
      policies: new Map(),
      groups: new Map(),
      classifications: new Map(),
      agents: new Map(),
      invalid: [],
    };
    const served = await serveTunnels({ policySet: () => ({ version: 'p1', connections, ...empty }) });
    closing.push(served.close);
    const said = { out: '', err: '', code: undefined as number | undefined };
    const command = createSshConfigCommand({
      terminal: {
        write: (text) => {
          said.out += text;
        },
        complain: (text) => {
          said.err += text;
        },
        paint: plain,
        ask: undefined,
      },
      environment: { SALLYPORT_GATEWAY: served.at, SALLYPORT_TOKEN: 'a-token' },
      exit: (status) => {
        said.code = status;
      },
    });
    await runCommand(command, { rawArgs: args });
    return said;
  }

  test('prints how a connection is reached, with the gateway’s key, and no token', async () => {
    const { out, code } = await run([]);

    expect(code).toBe(0);
    expect(out).toMatch(/^Host sallyport-crm\n/);
    expect(out).toContain(hostKey.public);
    expect(out).toMatch(/ProxyCommand \S+ \S+cli\.ts tunnel crm --gateway http:\/\/127/);
    expect(out).not.toContain('a-token');
  });

  test.skipIf(!hasOpenSsh)(
    'writes files by which ssh reaches the host, and leaves what else was there',
    { timeout: 30_000 },
    async () => {
      await writeFile(join(dir, 'config'), 'Host other\n  User me\n');

      const { code } = await run(['--write', '--folder', dir]);
      await run(['--write', '--folder', dir]);

      const config = await readFile(join(dir, 'config'), 'utf8');
      expect(code).toBe(0);
      expect(config).toBe(`Include ${join(dir, 'sallyport_config')}\n\nHost other\n  User me\n`);
      expect(await readFile(join(dir, 'sallyport_known_hosts'), 'utf8')).toBe(`sallyport-crm ${hostKey.public}\n`);
      expect((await stat(join(dir, 'sallyport_config'))).mode & 0o777).toBe(0o600);
    },
  );

  test.each([
    [['nowhere'], 'No connection nowhere that you can reach'],
    [['--gateway', 'http://example.com'], 'over https alone'],
    [['--prefix', 'a b'], 'letters, digits'],
  ])('with %j says what is wrong and writes nothing', async (args, words) => {
    const { out, err, code } = await run(args);

    expect([out, code]).toEqual(['', 1]);
    expect(err).toContain(words);
  });
});
