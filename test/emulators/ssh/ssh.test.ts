import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SshHost, startSshHost } from '../../../emulators/ssh/ssh.ts';
import { channels, frame } from '../../../src/model/program.ts';
import { type At, anAgent, collect, problemOf } from '../../targets/ssh/agent.ts';
import { aKey } from '../../targets/ssh/sshd.ts';

const contents = {
  name: 'small',
  files: { '/etc/motd': 'welcome\n', '/srv/a': 'a\n' },
  units: { web: ['one', 'two', 'three'] },
};

describe('the host that is not there', () => {
  const key = aKey();
  let host: SshHost;
  let at: At;
  let agent: ReturnType<typeof anAgent>;

  beforeAll(async () => {
    host = await startSshHost({ port: 0, contents, user: 'ops', authorized: [key.public] });
    at = { port: host.port, user: 'ops', hostKeys: [host.hostKey] };
    agent = anAgent(at, { private_key: key.private });
  });
  afterAll(async () => {
    await agent.target.close();
    await host.stop();
  });

  test.each([
    ['cat /etc/motd', 'welcome\n', 0],
    ['cat /nowhere', '', 1],
    ['journalctl -u web -n 2', 'two\nthree\n', 0],
    ['systemctl status gone', '', 4],
    ['echo "a  b" \'c;d\'; false', 'a  b c;d\n', 1],
    ['rm -rf /', '', 127],
    ['exit 3', '', 3],
  ])('%s', async (command, out, status) => {
    const { stdout, ending } = await agent.run({ command });

    expect(stdout.toString()).toBe(out);
    expect(ending).toEqual({ exit_status: status });
  });

  test('reads its input', async () => {
    expect((await agent.run({ command: 'cat', stdin: 'abc' })).stdout.toString()).toBe('abc');
  });

  test('a signal ends what runs', async () => {
    const asked = agent.open({ command: 'sleep 1000', attached: true }, { limits: { seconds: 1 } });

    expect(await problemOf(asked.then(collect))).toMatchObject({ code: 'target-timeout', reason: undefined });
    expect(host.running()).toBe(0);
  });

  test('what does not hear signals ends with its connection, and nobody has confirmed that it did', async () => {
    const failure = await problemOf(agent.run({ command: 'sleep 1000' }, { limits: { seconds: 1 } }));

    expect(failure).toMatchObject({ code: 'target-timeout', reason: 'target-hangs' });
    await expect.poll(host.running).toBe(0);
  });

  test('its shell echoes, runs and is left', async () => {
    const duplex = await agent.open({ shell: true, terminal: {}, attached: true });
    await duplex.send(frame(channels.stdin, Buffer.from('cat /etc/motd\rexit 5\r')));

    const { stdout, ending } = await collect(duplex);

    expect(stdout.toString()).toContain('ops@small:~$ cat /etc/motd\r\nwelcome\r\n');
    expect(ending).toEqual({ exit_status: 5 });
  });

  test('it connects to nowhere', async () => {
    const failure = await problemOf(agent.open({ forward: { host: 'localhost', port: 22 }, attached: true }));

    expect(failure).toMatchObject({ code: 'target-rejected' });
  });

  test.each([['password'], ['question']] as const)(
    'lets in who knows the password, asked for as a %s',
    async (asks) => {
      const other = await startSshHost({ port: 0, contents, user: 'ops', password: 'right', asks });
      const there = { ...at, port: other.port, hostKeys: [other.hostKey] };
      const [right, wrong] = [anAgent(there, { password: 'right' }), anAgent(there, { password: 'wr0ng-s3cret' })];

      const { stdout } = await right.run({ command: 'whoami' });
      const failure = await problemOf(wrong.run({ command: 'whoami' }));
      await right.target.close();
      await other.stop();

      expect(stdout.toString()).toBe('ops\n');
      expect(failure.name).toBe('CredentialRejected');
      expect(String(failure)).not.toContain('wr0ng');
    },
  );
});
