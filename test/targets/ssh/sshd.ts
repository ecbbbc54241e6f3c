import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { freePort } from '../../../emulators/free-port.ts';
import { ed25519Keys } from '../../../emulators/ssh/keys.ts';

const PROGRAM = '/usr/sbin/sshd';

/** Whether Debian's own server is on this machine. */
export const hasSshd = existsSync(PROGRAM);

export type Keys = { private: string; public: string };

export function aKey(
  kind: 'ed25519' | 'rsa' | 'ecdsa' = 'ed25519',
  options: { passphrase?: string; bits?: number } = {},
): Keys {
  const { passphrase, bits } = options;
  const encrypted = passphrase === undefined ? undefined : { passphrase, cipher: 'aes256-ctr', rounds: 4 };
  if (kind === 'ed25519') return ed25519Keys(encrypted);
  return kind === 'rsa'
    ? ssh2.utils.generateKeyPairSync(kind, { bits: bits ?? 2048, ...encrypted })
    : ssh2.utils.generateKeyPairSync(kind, { bits: bits === 384 || bits === 521 ? bits : 256, ...encrypted });
}

/** Who logs in: this account, or where it is root's another one that may, as sshd does not signal what root runs. */
function userName(): string {
  const { username, uid } = userInfo();
  if (uid !== 0) return username;
  const fields = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const may = ([, , id, , , , shell = '']: string[]) => id !== '0' && /\/(ba|da|z)?sh$/.test(shell);
  return fields.find(may)?.[0] ?? username;
}

/** Whether sshd can give a terminal to who logs in: it must be root to hand it over. */
export const hasTerminals = hasSshd && process.getuid?.() === 0;

export type Sshd = {
  port: number;
  user: string;
  isRoot: boolean;
  /** Of each of its keys, as pinned. */
  hostKeys: readonly string[];
  /** What it has told so far. */
  log: () => string;
  stop: () => Promise<void>;
};

/** Debian's sshd in the foreground, with a configuration of its own, on a free port of the loopback. */
export async function startSshd(
  given: {
    authorized?: readonly string[];
    authorities?: readonly string[];
    lines?: readonly string[];
    hostKeys?: readonly Keys[];
  } = {},
): Promise<Sshd> {
  const { hostKeys = [aKey()], authorized = [], authorities = [], lines = [] } = given;
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-sshd-'));
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  chmodSync(folder, 0o755);
  const file = (at: string, text: string, mode = 0o644) => {
    const path = join(folder, at);
    writeFileSync(path, text, { mode });
    return path;
  };
  const port = await freePort();
  const user = userName();
  const config = file(
    'config',
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      ...hostKeys.map((key, index) => `HostKey ${file(`host-${index}`, key.private, 0o600)}`),
      `AuthorizedKeysFile ${file('authorized', `${authorized.join('\n')}\n`)}`,
      `TrustedUserCAKeys ${file('authorities', `${authorities.join('\n')}\n`)}`,
      'PidFile none',
      'StrictModes no',
      // Accounts without a password may log in with a key where PAM says so; what it runs at a login needs root.
      `UsePAM ${hasTerminals ? 'yes' : 'no'}`,
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'AcceptEnv LANG LC_* APP_*',
      'LogLevel VERBOSE',
      'MaxStartups 200:30:400',
      'Subsystem sftp internal-sftp',
      ...lines,
      '',
    ].join('\n'),
  );
  const child = spawn(PROGRAM, ['-D', '-e', '-f', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: folder,
    env: { PATH: '/usr/bin:/bin' },
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  await listening(child, () => log);
  return {
    port,
    user,
    isRoot: user === 'root',
    hostKeys: hostKeys.map((key) => key.public),
    log: () => log,
    async stop() {
      if (child.exitCode === null) {
        const over = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await over;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function listening(child: ChildProcess, log: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`sshd did not start: ${log()}`)));
    child.stderr?.on('data', () => {
      if (/Server listening on/.test(log())) resolve();
    });
  });
}

/** Whether a program with these words runs on this machine. */
export function isRunning(command: string): boolean {
  return execFileSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' })
    .split('\n')
    .some((line) => line.trim().endsWith(` ${command}`) && !line.startsWith('Z'));
}
