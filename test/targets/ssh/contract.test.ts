import { afterAll, beforeAll, describe } from 'vitest';
import { targetContract } from '../contract.ts';
import { anAgent } from './agent.ts';
import { aKey, hasSshd, isRunning, type Sshd, startSshd } from './sshd.ts';

describe.skipIf(!hasSshd)('a host behind SSH', () => {
  const key = aKey();
  let sshd: Sshd;
  let agent: ReturnType<typeof anAgent>;

  beforeAll(async () => {
    sshd = await startSshd({ authorized: [key.public] });
    agent = anAgent(sshd, { private_key: key.private });
  });
  afterAll(async () => {
    await agent.target.close();
    await sshd.stop();
  });

  const running = 'sleep 6183.5';
  const ask = (command: string) => agent.target.request.parse({ command });

  targetContract(() => ({
    target: agent.target,
    connection: agent.connection,
    settings: agent.settings,
    secret: JSON.stringify({ private_key: key.private }),
    wrongSecret: JSON.stringify({ private_key: aKey().private }),
    requests: {
      small: ask('echo one'),
      almostSmall: ask('echo onf'),
      large: ask('seq 1 100000'),
      slow: ask(running),
      failing: agent.target.request.parse({ forward: { host: '127.0.0.1', port: 1 }, attached: true }),
      unreadable: agent.target.request.parse({ command: 'true', environment: { LD_PRELOAD: '/tmp/x.so' } }),
    },
    leakedByTheTarget: 'Connection refused',
    isRunning: async () => isRunning(running),
  }));
});
