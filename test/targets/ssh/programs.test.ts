import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channels, frame, readEnding, writeSize } from '../../../src/model/program.ts';
import { anAgent, collect, problemOf } from './agent.ts';
import { aKey, hasSshd, hasTerminals, isRunning, type Sshd, startSshd } from './sshd.ts';

describe.skipIf(!hasSshd)('a program on Debian’s own sshd', () => {
  const key = aKey();
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-ssh-'));
  let sshd: Sshd;
  let agent: ReturnType<typeof anAgent>;

  beforeAll(async () => {
    sshd = await startSshd({ authorized: [key.public] });
    agent = anAgent(sshd, { private_key: key.private }, { settings: { environment: ['APP_MODE'] } });
    writeFileSync(join(folder, 'key'), key.private, { mode: 0o600 });
    writeFileSync(join(folder, 'hosts'), `[127.0.0.1]:${sshd.port} ${sshd.hostKeys[0]}\n`);
  });
  afterAll(async () => {
    await agent.target.close();
    await sshd.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As OpenSSH's own client runs it. */
  function direct(command: string, input?: Uint8Array) {
    const options = ['-F', 'none', '-i', join(folder, 'key'), '-o', `UserKnownHostsFile=${join(folder, 'hosts')}`];
    const to = ['-p', String(sshd.port), `${sshd.user}@127.0.0.1`, command];
    const { stdout, stderr, status } = spawnSync('ssh', ['-o', 'BatchMode=yes', ...options, ...to], {
      input: input ?? '',
      maxBuffer: 64 * 1024 * 1024,
    });
    return { stdout, stderr, status };
  }

  test.each([
    ['echo out; echo err >&2'],
    ['exit 0'],
    ['exit 1'],
    ['exit 127'],
    ['exit 255'],
    ['no-such-program-anywhere'],
    ['printf "\\000\\001\\377\\376"'],
    ['head -c 30000 /dev/zero | tr "\\000" "\\377"'],
    ['seq 1 20000'],
    ['printf "no newline at the end"'],
    ['printf "caf\\303\\251 \\360\\237\\230\\200\\n"'],
    ['cat'],
    ['echo "$0" | cut -c1-40; echo $((6*7)); umask'],
    ['for i in 1 2 3; do echo $i; echo $i >&2; done'],
    ['exec 1>&-; echo gone >&2'],
    ['echo "a  b" \'c  d\' "$(printf "%s" x)"'],
  ])('%s: the same bytes and the same exit status as without the gateway', async (command) => {
    const straight = direct(command);

    const { stdout, stderr, ending } = await agent.run({ command });

    expect(stdout.equals(straight.stdout)).toBe(true);
    expect(stderr.toString()).toBe(straight.stderr.toString());
    expect(ending).toEqual({ exit_status: straight.status });
  });

  test('words reach the program as they are, whatever a shell would make of them', async () => {
    const words = ['a b', "it's", '', '$HOME', '`id`', '*', '\\', '-n', 'é', '!x', 'a\tb\nc'];

    const { stdout } = await agent.run({ command: ['printf', '%s|', ...words] });

    expect(stdout.toString()).toBe(`${words.join('|')}|`);
  });

  test('input of megabytes reaches the program whole, and ends there', async () => {
    const bytes = Buffer.alloc(4_000_000, 'x\0ÿ', 'latin1');

    const { stdout } = await agent.run({ command: 'sha256sum', stdin_base64: bytes.toString('base64') });

    expect(stdout.toString().slice(0, 64)).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('a program that takes no input ends all the same', async () => {
    const { ending } = await agent.run({ command: 'true', stdin: 'x'.repeat(5_000_000) });

    expect(ending).toEqual({ exit_status: 0 });
  });

  test('a signal that ends it is told by its name', async () => {
    const { ending, summary } = await agent.run({ command: 'kill -KILL $$' });

    expect(ending).toEqual({ signal: 'KILL' });
    expect(summary).not.toHaveProperty('exit');
  });

  test('what detectors know leaves masked, on both outputs', async () => {
    const command = 'printf "4111 1111 "; sleep 0.1; echo "1111 1111"; echo "mail bob@example.com" >&2';

    const { stdout, stderr, summary } = await agent.run({ command });

    expect(stdout.toString()).toBe('[CREDIT_CARD_NUMBER]\n');
    expect(stderr.toString()).toBe('mail [EMAIL_ADDRESS]\n');
    expect(summary.findings).toEqual([
      { class: 'CREDIT_CARD_NUMBER', count: 1 },
      { class: 'EMAIL_ADDRESS', count: 1 },
    ]);
  });

  test('variables that the connection allows are set', async () => {
    const { stdout } = await agent.run({
      command: 'echo $LANG $APP_MODE',
      environment: { LANG: 'C', APP_MODE: 'dry' },
    });

    expect(stdout.toString()).toBe('C dry\n');
  });

  test('a caller that speaks by messages is answered by messages, until its input ends', async () => {
    const duplex = await agent.open({ command: 'cat; echo done', attached: true });
    await duplex.send(frame(channels.stdin, Buffer.from('one\n')));
    await duplex.send(frame(channels.stdin, Buffer.from('two\n')));
    await duplex.send(frame(channels.close, Buffer.of(channels.stdin)));
    await duplex.send(frame(channels.stdin, Buffer.from('too late\n')));

    const { stdout, ending } = await collect(duplex);

    expect(stdout.toString()).toBe('one\ntwo\ndone\n');
    expect(ending).toEqual({ exit_status: 0 });
  });

  test('a channel that a client may not speak on ends the program', async () => {
    const duplex = await agent.open({ command: 'sleep 7291.1', attached: true });

    await duplex.send(frame(channels.stdout, Buffer.from('x')));

    expect(await problemOf(collect(duplex))).toMatchObject({ code: 'bad-request' });
    await expect.poll(() => isRunning('sleep 7291.1')).toBe(false);
  });

  test('more output than is allowed ends the program; half a value at the cut does not leave', async () => {
    const command = 'printf "0123456789\\nmail bob@exam"; sleep 0.1; printf "ple.com\\n"; sleep 7291.2';

    const { stdout, ending, summary } = await agent.run({ command }, { limits: { bytes: 22 } });

    expect(stdout.toString()).toBe('0123456789\n');
    expect(ending).toMatchObject({ problem: { code: 'too-large' } });
    expect(summary.truncated).toBe(true);
    await expect.poll(() => isRunning('sleep 7291.2')).toBe(false);
  });

  test('what does not heed TERM is killed', async () => {
    const command = 'trap "" TERM; echo up; sleep 7291.3; sleep 7291.3';

    const failure = await problemOf(agent.run({ command }, { limits: { seconds: 1 } }));

    expect(failure).toMatchObject({ code: 'target-timeout', reason: undefined });
    await expect.poll(() => isRunning('sleep 7291.3')).toBe(false);
  });

  test('what leaves the group that is signalled is not taken for ended', async () => {
    const command = 'exec setsid -w sh -c "trap \\"\\" TERM HUP; sleep 7.4"';

    const failure = await problemOf(agent.run({ command }, { limits: { seconds: 1 } }));

    expect(failure).toMatchObject({ code: 'target-timeout' });
  });

  test('a caller that does not read makes the program wait, and nothing piles up here', async () => {
    const command = 'i=0; while [ $i -lt 24 ]; do head -c 1000000 /dev/zero; echo $i >&2; i=$((i+1)); done';
    const duplex = await agent.open({ command });
    const messages = duplex.messages[Symbol.asyncIterator]();
    const first = await messages.next();
    const before = process.memoryUsage();

    await new Promise((resolve) => setTimeout(resolve, 1500));

    const grown = process.memoryUsage().arrayBuffers - before.arrayBuffers;
    expect(grown).toBeLessThan(8 * 1024 * 1024);
    let bytes = first.done === true ? 0 : first.value.bytes.byteLength - 1;
    let last: Uint8Array = Buffer.alloc(0);
    for (let step = await messages.next(); step.done !== true; step = await messages.next()) {
      if (step.value.bytes[0] === channels.stdout) bytes += step.value.bytes.byteLength - 1;
      last = step.value.bytes;
    }
    expect(bytes).toBe(24_000_000);
    expect(readEnding(last.subarray(1))).toEqual({ exit_status: 0 });
  });

  test('small commands of one identity share a connection, those of another do not', async () => {
    const other = anAgent(sshd, { private_key: key.private }, { member: 'user:eve@example.com' });
    const logins = () => sshd.log().split('Accepted publickey').length - 1;
    await agent.run({ command: 'true' });
    const before = logins();

    for (let round = 0; round < 3; round += 1) await agent.run({ command: 'true' });
    const own = logins() - before;
    await other.run({ command: 'true' });
    await other.target.close();

    expect([own, logins() - before]).toEqual([0, 1]);
  });

  test('a program that is left before anything was read is ended, and gives its connection back', async () => {
    const logins = () => sshd.log().split('Accepted publickey').length - 1;
    await agent.run({ command: 'true' });
    const before = logins();

    const duplex = await agent.open({ command: 'sleep 7291.7', attached: true });
    await duplex.messages[Symbol.asyncIterator]().return?.();
    await agent.run({ command: 'true' });

    expect(isRunning('sleep 7291.7')).toBe(false);
    expect(logins() - before).toBe(0);
  });

  describe.skipIf(!hasTerminals)('in a terminal', () => {
    test('knows its kind and size, and follows when it changes', async () => {
      const terminal = { term: 'vt100', columns: 100, rows: 30 };
      const duplex = await agent.open({
        command: 'echo $TERM; stty size; read x; stty size',
        terminal,
        attached: true,
      });
      let said = '';
      for await (const { bytes } of duplex.messages) {
        said += Buffer.from(bytes.subarray(1)).toString();
        if (!said.includes('30 100\r\n') || said.includes('asked')) continue;
        said += 'asked';
        await duplex.send(writeSize({ columns: 120, rows: 40 }));
        await duplex.send(frame(channels.stdin, Buffer.from('\n')));
      }

      expect(said).toMatch(/^vt100\r\n30 100\r\n/);
      expect(said).toContain('40 120\r\n');
    });

    test('a shell runs what is typed, until it is left', async () => {
      const duplex = await agent.open({ shell: true, terminal: {}, attached: true });
      await duplex.send(frame(channels.stdin, Buffer.from('echo $((40 + 2)); exit 7\n')));

      const { stdout, ending } = await collect(duplex);

      expect(stdout.toString()).toContain('42');
      expect(ending).toEqual({ exit_status: 7 });
    });

    test('leaving ends what runs in it', async () => {
      const duplex = await agent.open({ command: 'sleep 7291.5', terminal: {}, attached: true });
      await expect.poll(() => isRunning('sleep 7291.5')).toBe(true);

      await duplex.messages[Symbol.asyncIterator]().return?.();

      await expect.poll(() => isRunning('sleep 7291.5')).toBe(false);
    });
  });

  test('a connection to elsewhere carries bytes as they are, both ways', async () => {
    const duplex = await agent.open({ forward: { host: '127.0.0.1', port: sshd.port }, attached: true });
    const messages = duplex.messages[Symbol.asyncIterator]();

    const greeting = await messages.next();
    await duplex.send(Buffer.from('SSH-2.0-me\r\n'));
    await messages.return?.();

    expect(greeting.done === true ? '' : Buffer.from(greeting.value.bytes).toString()).toMatch(/^SSH-2\.0-OpenSSH/);
  });

  test.each([['169.254.169.254'], ['metadata.google.internal'], ['::ffff:169.254.169.254']])(
    'nobody is connected to the metadata server at %s',
    async (host) => {
      const failure = await problemOf(agent.open({ forward: { host, port: 80 }, attached: true }));

      expect(failure).toMatchObject({ code: 'target-unavailable', reason: 'address-refused' });
    },
  );

  test('nothing of this is left behind on the host', () => {
    const left = execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n');

    expect(left.filter((line) => /^sleep 7291/.test(line))).toEqual([]);
  });
});
