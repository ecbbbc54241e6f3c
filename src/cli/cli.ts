#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { defineCommand, runMain } from 'citty';
import { coloured, plain, type Terminal } from './terminal.ts';

const { stdin, stdout, stderr, env: environment } = process;
const interactive = stdin.isTTY && stdout.isTTY;

const terminal: Terminal = {
  write: (text) => void stdout.write(text),
  complain: (text) => void stderr.write(text),
  paint: stdout.isTTY && !environment['NO_COLOR'] ? coloured : plain,
  ask: interactive ? ask : undefined,
  progress: stderr.isTTY ? (line) => void stderr.write(`\r\x1b[2K${line.slice(0, stderr.columns - 1)}`) : undefined,
  width: stdout.isTTY ? stdout.columns : undefined,
};
const surroundings = { terminal, environment, exit, set };

async function ask(question: string): Promise<string> {
  const reader = createInterface({ input: stdin, output: stdout });
  try {
    return await reader.question(question);
  } finally {
    reader.close();
  }
}

function set(name: string, value: string) {
  environment[name] = value;
}

function exit(status: number) {
  process.exitCode = status;
}

await runMain(
  defineCommand({
    meta: { name: 'sallyport', description: 'The door for agents, seen from outside.' },
    subCommands: {
      policy: async () => (await import('./policy.ts')).createPolicyCommand(surroundings),
      classify: async () => (await import('./classify.ts')).createClassifyCommand(surroundings),
      doctor: async () => (await import('./doctor.ts')).createDoctorCommand(surroundings),
      verify: async () => (await import('./verify.ts')).createVerifyCommand(surroundings),
      evidence: async () => (await import('./evidence.ts')).createEvidenceCommand(surroundings),
      postgres: async () => (await import('./grants.ts')).createPostgresCommand(surroundings),
      kubeconfig: async () => (await import('./kubeconfig.ts')).createKubeconfigCommand(surroundings),
      token: async () => (await import('./token.ts')).createTokenCommand(surroundings),
      tunnel: async () =>
        (await import('./tunnel.ts')).createTunnelCommand(surroundings, { input: stdin, output: stdout }),
      'ssh-config': async () => (await import('./ssh-config.ts')).createSshConfigCommand(surroundings),
      replay: async () => (await import('./replay.ts')).createReplayCommand(surroundings),
    },
  }),
);
