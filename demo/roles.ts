import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processEnvironment, processOptions } from '../image/process.ts';

export type RoleName = 'gateway' | 'console' | 'keeper';

export type Roles = {
  pids(): Record<RoleName, number>;
  stop(): Promise<void>;
};

const role = fileURLToPath(new URL('./role.ts', import.meta.url));
const READY_SECONDS = 180;
/** Characters. */
const LAST_WORDS = 2000;

/** MiB. V8 takes half of an instance's memory for itself, by default 2 GiB; of a larger machine's it would let garbage lie in up to 4 GiB. */
const heapOfAnInstance = '--max-old-space-size=1024';

/**
 * Starts each role as a process of its own and resolves once all are ready. One that dies is started again, as Cloud Run
 * would. What they log goes to `log`.
 */
export async function startRoles(options: {
  environment: Record<string, string>;
  ports: Record<RoleName, number>;
  /** What is run for each, in place of `src/main.ts`. */
  program?: string | undefined;
  log: (line: string) => void;
  /** Told when a role was started again. */
  restarted: () => void;
}): Promise<Roles> {
  const { environment, ports, program, log, restarted } = options;
  const names = Object.keys(ports) as RoleName[];
  const running = new Map<RoleName, ChildProcess>();
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  let state: 'starting' | 'up' | 'stopping' = 'starting';

  function start(name: RoleName) {
    const child = spawn(
      process.execPath,
      [...processOptions, heapOfAnInstance, role, name, ...(program === undefined ? [] : [program])],
      {
        env: { ...inherited(), ...processEnvironment, ...environment, PORT: String(ports[name]) },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    let last = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        log(text);
        last = (last + text).slice(-LAST_WORDS);
      });
    running.set(name, child);
    // Not at `exit`: what it said last may not have been read by then.
    child.once('close', (code, signal) => {
      if (state === 'starting')
        fail(new Error(`The ${name} ended at its start (${signal ?? code}). It said last:\n${last}`));
      if (state !== 'up') return;
      start(name);
      restarted();
    });
  }

  for (const name of names) start(name);
  try {
    await Promise.race([failed, Promise.all(names.map((name) => ready(`http://127.0.0.1:${ports[name]}/readyz`)))]);
    state = 'up';
  } catch (error) {
    await stop();
    throw error;
  }

  async function stop() {
    state = 'stopping';
    await Promise.all([...running.values()].map(end));
  }

  return {
    pids: () =>
      Object.fromEntries(names.map((name) => [name, running.get(name)?.pid ?? 0])) as Record<RoleName, number>,
    stop,
  };
}

/** Of this process's own environment only what a program needs to run at all: the roles are told the rest. */
function inherited() {
  return Object.fromEntries(
    ['PATH', 'HOME', 'TMPDIR', 'SystemRoot'].flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]]],
    ),
  );
}

async function ready(url: string) {
  const until = Date.now() + READY_SECONDS * 1000;
  while (Date.now() < until) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok === true) return;
    await pause(100);
  }
  throw new Error(`${url} was not ready within ${READY_SECONDS} s; what it said is in stand.log.`);
}

async function end(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([gone, pause(11_000, undefined, { ref: false })]);
  child.kill('SIGKILL');
}
