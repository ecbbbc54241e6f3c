import { BigQuery } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';

/** Google's own client, pointed at the emulator. */
export function clientOf(url: string, projectId = 'demo-project'): BigQuery {
  return new BigQuery({ projectId, apiEndpoint: url, authClient: new PassThroughClient() });
}

/** A request without a client; the answer's status and JSON. */
export async function api(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined };
}
