import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Stand } from '../demo/stand.ts';
import { freePort } from '../emulators/free-port.ts';

/** The peer's program: where `npm ci` in this folder puts it, or where TOOLBOX says it is. */
const program =
  process.env['TOOLBOX'] ??
  fileURLToPath(
    new URL(`node_modules/@toolbox-sdk/server-${process.platform}-${process.arch}/bin/toolbox`, import.meta.url),
  );

export type Toolbox = { url: string; pid: number; stop(): Promise<void> };

/** MCP Toolbox for Databases, which asks for a token of the same issuer and runs whatever SQL it is sent in a pool of ten sessions. */
export async function startToolbox(stand: Stand, dir: string): Promise<Toolbox> {
  if (!existsSync(program))
    throw new Error(`The peer is not there: run npm ci in bench, or let TOOLBOX name its program. (${program})`);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = join(dir, 'tools.yaml');
  await writeFile(config, configOf(stand), { mode: 0o600 });
  const flags = [
    '--config',
    config,
    '--port',
    String(port),
    '--toolbox-url',
    url,
    '--disable-reload',
    '--disable-version-check',
    '--log-level',
    'WARN',
  ];
  const child = spawn(program, flags, { stdio: ['ignore', 'inherit', 'inherit'] });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  for (const until = Date.now() + 20_000; Date.now() < until; await pause(100)) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined || child.exitCode !== null) break;
  }
  return {
    url: `${url}/mcp`,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

function configOf(stand: Stand) {
  const { hostname, port, username, password, pathname } = new URL(stand.postgres);
  return `kind: source
name: crm
type: postgres
host: ${hostname}
port: ${port}
database: ${pathname.slice(1)}
user: ${username}
password: ${decodeURIComponent(password)}
queryParams:
  pool_max_conns: "10"
---
kind: authService
name: issuer
type: generic
mcpEnabled: true
authorizationServer: ${stand.issuer}
audience: ${stand.audience}
---
kind: tool
name: execute_sql
type: postgres-execute-sql
source: crm
description: Runs SQL.
`;
}
