import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { anAgent } from '../targets/ssh/agent.ts';
import { aKey, hasSshd, hasTerminals, type Sshd, startSshd } from '../targets/ssh/sshd.ts';
import { hasOpenSsh, openSsh } from './openssh.ts';
import { serveTunnels } from './served.ts';

describe.skipIf(!hasOpenSsh || !hasSshd)(
  'OpenSSH, through the gateway, at Debian’s own sshd',
  { timeout: 60_000 },
  () => {
    const key = aKey();
    let sshd: Sshd;
    let agent: ReturnType<typeof anAgent>;
    let served: Awaited<ReturnType<typeof serveTunnels>>;
    let client: ReturnType<typeof openSsh>;
    let direct: string[];

    beforeAll(async () => {
      sshd = await startSshd({ authorized: [key.public] });
      agent = anAgent(sshd, { private_key: key.private });
      served = await serveTunnels({ open: (request, signal) => agent.open(request, { signal }) });
      client = openSsh(served.at);
      const [file, known] = [join(client.dir, 'key'), join(client.dir, 'direct')];
      writeFileSync(file, key.private, { mode: 0o600 });
      writeFileSync(known, `[127.0.0.1]:${sshd.port} ${sshd.hostKeys[0]}\n`);
      const options = ['-F', 'none', '-o', 'BatchMode=yes', '-i', file, '-o', `UserKnownHostsFile=${known}`];
      direct = [...options, '-p', String(sshd.port), `${sshd.user}@127.0.0.1`];
    });
    afterAll(async () => {
      client.remove();
      await served.close();
      await agent.target.close();
      await sshd.stop();
    });

    test.each([
      'echo out; echo err >&2; exit 3',
      'kill -TERM $$',
      'no-such-program-anywhere',
      'head -c 3000000 /dev/zero | tr "\\000" "\\377"; seq 1 20000 >&2',
      'wc -c; echo "$LANG"; umask; pwd',
      'exec 1>&-; echo gone >&2',
    ])('%s: the same bytes and the same exit status as straight', async (command) => {
      const straight = spawnSync('ssh', [...direct, command], {
        input: 'some input\n',
        env: { ...process.env, LANG: 'C.UTF-8' },
        maxBuffer: 64 * 1024 * 1024,
      });

      const through = await client.run(['bastion', command], { input: 'some input\n' });

      expect(through.digest).toBe(createHash('sha256').update(straight.stdout).digest('hex'));
      expect(through.err).toBe(straight.stderr.toString());
      expect(through.status).toBe(straight.status);
    });

    test('input of megabytes comes back whole', async () => {
      const bytes = Buffer.alloc(8_000_000, 'some words, and more of them.\n');

      const { digest } = await client.run(['bastion', 'cat'], { input: Readable.from([bytes]) });

      expect(digest).toBe(createHash('sha256').update(bytes).digest('hex'));
    });

    test.skipIf(!hasTerminals)('a terminal follows the client’s when that is resized', async () => {
      const remote = 'while sleep 0.2; do stty size; done';
      const told = join(tmpdir(), `sallyport-resize-${randomUUID()}`);
      onTestFinished(() => rmSync(told, { force: true }));
      const resized = `(while [ ! -e ${told} ]; do sleep 0.1; done; stty rows 41 cols 123 </dev/tty) &`;
      const shown = spawn(
        'script',
        ['-qefc', `stty rows 33 cols 101; ${resized} '${client.wrapper}' -t bastion '${remote}'`, '/dev/null'],
        { env: { ...process.env, SALLYPORT_TOKEN: 'a-token' }, stdio: ['pipe', 'pipe', 'ignore'] },
      );
      let said = '';
      shown.stdout.setEncoding('utf8').on('data', (text) => {
        said += text;
      });

      await expect.poll(() => said, { timeout: 30_000 }).toContain('33 101');
      writeFileSync(told, '');
      await expect.poll(() => said, { timeout: 30_000 }).toContain('41 123');

      shown.stdin.write('\x03');
      await once(shown, 'exit');
    });

    test.skipIf(!hasTerminals)('a terminal has the size of the client’s', async () => {
      const shown = spawn(
        'script',
        ['-qefc', `stty rows 33 cols 101; '${client.wrapper}' -t bastion 'stty size'`, '/dev/null'],
        {
          env: { ...process.env, SALLYPORT_TOKEN: 'a-token' },
          stdio: ['pipe', 'pipe', 'ignore'],
        },
      );
      let said = '';
      shown.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });

      await once(shown, 'close');

      expect(said).toContain('33 101');
    });
  },
);
