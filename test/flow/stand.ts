import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { expect, inject } from 'vitest';
import type { Stand } from '../../demo/stand.ts';
import { createBigQuery, type QueryRow } from '../../src/platform/bigquery.ts';

/** Where the stand keeps its files: the file's own stand, or the one that all flow tests share. */
export const standDir = process.env['SALLYPORT_TEST_STAND'] ?? inject('standDir');

/** Read anew each time: a role that was killed has another process id. */
export function readStand(): Stand {
  return JSON.parse(readFileSync(join(standDir, 'stand.json'), 'utf8'));
}

export function readLog(): string {
  return readFileSync(join(standDir, 'stand.log'), 'utf8');
}

export const stand = readStand();

export type Sent = { token?: string; headers?: Record<string, string>; signal?: AbortSignal; limits?: object };
export type Received = { status: number; headers: Headers; text: string; body: Record<string, unknown> };

export function run(statement: string, parameters: unknown[] = [], sent: Sent = {}): Promise<Received> {
  return request('POST', `${stand.gateway}/v1/connections/crm/operations`, sent, {
    statement,
    parameters,
    limits: sent.limits ?? {},
  });
}

export async function request(method: string, url: string, sent: Sent = {}, body?: unknown): Promise<Received> {
  const { token = stand.tokens.bot, headers = {}, signal } = sent;
  const response = await fetch(url, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

function parse(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

export async function mint(claims: Record<string, unknown>): Promise<string> {
  const { body } = await request('POST', `${stand.issuer}/token`, {}, claims);
  return String(body['token']);
}

/** The id of the approval that a held operation waits for. */
export function approvalOf({ status, body }: Received): string {
  expect(status).toBe(202);
  return (body['approval'] as { id: string }).id;
}

export async function decide(id: string, decision: 'approve' | 'deny', token = stand.tokens.dba): Promise<Received> {
  const url = `${stand.console}/api/approvals/${id}`;
  const { body } = await request('GET', url, { token: stand.tokens.dba });
  return request('POST', `${url}/decision`, { token }, { decision, digest: body['digest'], reason: 'a test' });
}

/** Straight at the target, as its superuser. */
export async function straight(sql: string, parameters: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: stand.postgres });
  await client.connect();
  try {
    return (await client.query(sql, parameters)).rows;
  } finally {
    await client.end();
  }
}

const bigquery = createBigQuery({ projectId: stand.project, emulatorHost: stand.bigquery.replace('http://', '') });

/** Asks the trail until it holds what is expected: rows arrive in the background. */
export async function trail(sql: string, enough: (rows: QueryRow[]) => boolean, timeout = 30_000): Promise<QueryRow[]> {
  let rows: QueryRow[] = [];
  async function ask() {
    rows = await bigquery.query(sql);
    return enough(rows);
  }
  await expect.poll(ask, { timeout, interval: 250 }).toBe(true);
  return rows;
}
