import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { Problem } from '../../src/model/problem.ts';
import { anApproval, type FakeOptions } from '../fakes/gateway.ts';
import { hasOpenSsh, openSsh } from './openssh.ts';
import { guarded, serveTunnels } from './served.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function aTunnel(options: Parameters<typeof serveTunnels>[0] = {}) {
  const served = await serveTunnels(options);
  const client = openSsh(served.at);
  closing.push(served.close, client.remove);
  return { ...served, ...client };
}

const MEGABYTE = 1_000_000;

/** Incompressible, and the same bytes each time: a block and its number, over and over. */
function noise(megabytes: number) {
  const block = randomBytes(MEGABYTE - 4);
  const hash = createHash('sha256');
  function* blocks() {
    for (let at = 0; at < megabytes; at++) {
      const number = Buffer.alloc(4);
      number.writeUInt32BE(at);
      const piece = Buffer.concat([number, block]);
      hash.update(piece);
      yield piece;
    }
  }
  return { stream: Readable.from(blocks()), digest: () => hash.digest('hex') };
}

describe.skipIf(!hasOpenSsh)('a command of a plain OpenSSH client', { timeout: 60_000 }, () => {
  test('prints on both of its outputs and ends with its own status', async () => {
    const { run, asked, happened } = await aTunnel();

    const ended = await run(['bastion', 'echo out; echo err >&2; exit 3']);

    expect(ended).toMatchObject({ status: 3, out: 'out\n', err: 'err\n' });
    expect(asked).toEqual([
      { command: 'echo out; echo err >&2; exit 3', environment: expect.anything(), attached: true },
    ]);
    expect(happened).toContain('completed');
  });

  test.each([1, 126, 127, 255])('ends with the status %i', async (status) => {
    const { run } = await aTunnel();

    expect(await run(['bastion', `exit ${status}`])).toMatchObject({ status, err: '' });
  });

  test('that a signal ended is told to have been', async () => {
    const { run } = await aTunnel();

    const { status, err } = await run(['-v', 'bastion', 'kill -TERM $$']);

    expect(status).toBe(255);
    expect(err).toContain('exit-signal');
  });

  test('takes the input that it is given, and knows where it ends', async () => {
    const { run } = await aTunnel();

    expect(await run(['bastion', 'tr a-z A-Z'], { input: 'one\ntwo\n' })).toMatchObject({
      status: 0,
      out: 'ONE\nTWO\n',
    });
  });

  test('that reads nothing is not held up by input that goes on', async () => {
    const { run } = await aTunnel();

    const { status, out } = await run(['bastion', 'echo done'], { input: noise(8).stream });

    expect([status, out]).toEqual([0, 'done\n']);
  });

  test('has the variables of its locale, and no other that a client might send', async () => {
    const { run, asked } = await aTunnel();

    await run(['-o', 'SendEnv=LANG', '-o', 'SetEnv=LD_PRELOAD=/tmp/x', 'bastion', 'true']);

    expect(asked).toMatchObject([{ environment: { LANG: 'C.UTF-8' } }]);
  });

  test('is refused in words and with status 126', async () => {
    const decide = () => {
      throw new Problem('denied', { detail: 'Not on Sundays.', reason: 'for the trail alone' });
    };
    const { run, executed } = await aTunnel({ decide });

    const ended = await run(['bastion', 'rm -rf /']);

    expect(ended.status).toBe(126);
    expect(ended.err).toBe('sallyport: Policy denies this operation. Not on Sundays. (op_1)\n');
    expect(executed).toEqual([]);
  });

  test('that a human must decide says so at once, and runs when that was done', async () => {
    const asking = { state: 'waiting', asked: true, approval: anApproval(), writes: [] } as const;
    const granted = { state: 'granted', approval: anApproval({ state: 'approved' }), writes: [] } as const;
    const { run, happened } = await aTunnel({ decision: guarded, settlements: [asking, asking, granted] });

    const { status, out, err } = await run(['bastion', 'echo done']);

    expect([status, out]).toEqual([0, 'done\n']);
    expect(err).toBe(
      'sallyport: group:dba must approve this at https://console.test/approvals/apr_1. Waiting, at most 4 minutes.\n',
    );
    expect(happened.indexOf('wait')).toBeLessThan(happened.indexOf('execute'));
  });

  test('of which nobody knows how it ended has status 255', async () => {
    const execute = async () => {
      throw new Problem('target-unavailable', { detail: 'The host does not answer.' });
    };
    const { run } = await aTunnel({ execute });

    const { status, err } = await run(['bastion', 'true']);

    expect([status, err]).toEqual([255, expect.stringContaining('The host does not answer.')]);
  });

  test('whose outcome cannot be recorded ends with the problem, not with its own status', async () => {
    const { run } = await aTunnel({ failOn: 'outcome' });

    const { status, err } = await run(['bastion', 'exit 0']);

    expect([status, err]).toEqual([255, expect.stringContaining('its outcome could not be recorded')]);
  });

  test('ends at the target when its client is killed', async () => {
    const { start, outcomes, programs } = await aTunnel();
    const client = start(['bastion', 'echo begun; sleep 600']);
    await once(client.stdout, 'data');

    client.kill('SIGKILL');

    await expect.poll(() => outcomes, { timeout: 10_000 }).toMatchObject([{ type: 'completed' }]);
    expect(programs).toHaveLength(1);
  });
});

describe.skipIf(!hasOpenSsh)('many bytes of a plain OpenSSH client', { timeout: 120_000 }, () => {
  test('arrive whole and in order, both ways', async () => {
    const { run } = await aTunnel();
    const { stream, digest } = noise(20);

    const ended = await run(['bastion', 'cat'], { input: stream });

    expect([ended.bytes, ended.digest]).toEqual([20 * MEGABYTE, digest()]);
  });

  test('arrive whole while the keys are agreed on anew for each megabyte', async () => {
    const { run } = await aTunnel();
    const { stream, digest } = noise(8);

    const ended = await run(['-v', '-o', 'RekeyLimit=1M', 'bastion', 'cat'], { input: stream });

    expect(ended.digest).toBe(digest());
    expect(ended.err.match(/SSH2_MSG_KEXINIT sent/g)?.length).toBeGreaterThan(5);
  });

  test('on both outputs at once arrive each as it was said', async () => {
    const { run } = await aTunnel();

    const { digest, err } = await run(['bastion', 'seq 1 100000 & seq 1 100000 >&2; wait']);

    const expected = Array.from({ length: 100_000 }, (_, at) => `${at + 1}\n`).join('');
    expect(digest).toBe(createHash('sha256').update(expected).digest('hex'));
    expect(err).toBe(expected);
  });

  test.each([
    ['-C'],
    ['-c', 'aes256-ctr', '-m', 'hmac-sha2-512'],
    ['-o', 'KexAlgorithms=diffie-hellman-group16-sha512'],
  ])('arrive whole with the options of its own %#', async (...options) => {
    const { run } = await aTunnel();
    const { stream, digest } = noise(3);

    const ended = await run([...options, 'bastion', 'cat'], { input: stream });

    expect(ended.digest).toBe(digest());
  });
});

describe.skipIf(!hasOpenSsh)('a shell of a plain OpenSSH client', { timeout: 60_000 }, () => {
  test('has the terminal of its client and ends with its own status', async () => {
    const { start, asked } = await aTunnel();
    const client = start(['-tt', 'bastion']);
    let said = '';
    client.stdout.on('data', (chunk) => (said += chunk));

    await expect.poll(() => said, { timeout: 20_000 }).toContain('bash');
    client.stdin.write('echo $((6 * 7)); exit 4\n');
    const [status] = await once(client, 'close');

    expect(status).toBe(4);
    expect(said).toContain('42');
    expect(asked).toMatchObject([{ shell: true, terminal: { columns: 80, rows: 24 }, attached: true }]);
  });

  test('without a terminal is refused, and what to write instead is said', async () => {
    const { run, asked } = await aTunnel();

    const { status, err } = await run(['-T', 'bastion'], { input: 'echo hi\n' });

    expect([status, err]).toEqual([126, expect.stringContaining('ssh host sh < script')]);
    expect(asked).toEqual([]);
  });
});

describe.skipIf(!hasOpenSsh)('what else a plain OpenSSH client may ask for', { timeout: 60_000 }, () => {
  test('several commands share one connection, each a call of one session', async () => {
    const { start, run, dir, executed } = await aTunnel();
    const control = join(dir, 'control');
    const master = start(['-M', '-S', control, '-N', 'bastion']);
    closing.push(() => master.kill());
    await expect
      .poll(() => run(['-S', control, '-O', 'check', 'bastion']), { timeout: 20_000 })
      .toMatchObject({ status: 0 });

    const ended = await Promise.all(['a', 'b', 'c'].map((word) => run(['-S', control, 'bastion', `echo ${word}`])));

    expect(ended.map(({ out }) => out)).toEqual(['a\n', 'b\n', 'c\n']);
    expect(executed).toHaveLength(3);
  });

  test.each([
    ['sftp', ['-b', '/dev/null', 'bastion']],
    ['scp', ['/etc/hostname', 'bastion:/tmp/x']],
    ['scp', ['-O', '/etc/hostname', 'bastion:/tmp/x']],
    ['scp', ['-O', '-r', '-p', 'bastion:/tmp/x', '/tmp/never']],
  ])('%s %s is refused with words, nothing runs, and the trail has it', async (program, args) => {
    const { run, asked, noted } = await aTunnel();

    const { status, err } = await run(args, { program });

    expect(status).not.toBe(0);
    expect(err).toContain('scp and sftp are not offered here');
    expect(asked).toEqual([]);
    expect(noted).toMatchObject([{ type: 'refused', subject: { problem: { code: 'denied' } } }]);
  });

  test('a port forwarded by the host is a call, and carries bytes both ways', async () => {
    const { run, asked } = await aTunnel();

    const ended = await run(['-W', 'inner:2222', 'bastion'], { input: 'through and back' });

    expect(ended.out).toBe('through and back');
    expect(asked).toEqual([{ forward: { host: 'inner', port: 2222 }, attached: true }]);
  });

  test('a port that policy does not grant is not opened', async () => {
    const decide: FakeOptions['decide'] = () => {
      throw new Problem('denied');
    };
    const { run, asked } = await aTunnel({ decide });

    const { status, err } = await run(['-W', 'inner:2222', 'bastion']);

    expect([status, err]).toEqual([255, expect.stringContaining('open failed')]);
    expect(asked).toEqual([]);
  });

  test('a local port that leads to the host’s side carries many connections', async () => {
    const { start } = await aTunnel();
    const port = 32_110 + (process.pid % 500);
    const client = start(['-N', '-L', `127.0.0.1:${port}:inner:80`, '-o', 'ExitOnForwardFailure=yes', 'bastion']);
    closing.push(() => client.kill());
    await expect.poll(() => echoed(port, 'ready'), { timeout: 20_000 }).toBe('ready');

    const words = ['one', 'two', 'three', 'four'];

    expect(await Promise.all(words.map((word) => echoed(port, word)))).toEqual(words);
  });

  test('no port of the host leads back to the client', async () => {
    const { run, noted, asked } = await aTunnel();

    const { status, err } = await run(['-R', '0:localhost:22', '-o', 'ExitOnForwardFailure=yes', 'bastion', 'true']);

    expect([status, err]).toEqual([255, expect.stringContaining('remote port forwarding failed')]);
    expect(noted).toMatchObject([{ type: 'refused', subject: { problem: { code: 'denied' } } }]);
    expect(asked).toEqual([]);
  });

  test('neither the agent nor the display of the client is reached', async () => {
    const { run } = await aTunnel();

    const { status, out } = await run(['-A', '-X', 'bastion', 'true']);

    expect([status, out]).toEqual([0, '']);
  });
});

/** What comes back of a word on a port; undefined where nobody listens. */
async function echoed(port: number, word: string): Promise<string | undefined> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.end(word);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  } catch {
    return undefined;
  }
}
