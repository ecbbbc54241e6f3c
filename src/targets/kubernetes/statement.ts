import { type Address, sealAddress, writeAddress } from './path.ts';
import type { Body } from './rules/body.ts';
import { type Sealing, sealBody, sealText } from './rules/seal-body.ts';

export type Parts = { method: string; address: Address; headers: readonly (readonly [string, string])[]; body: Body };

/**
 * A request as one text, the same for the same request: method and path, the headers that matter, an empty line, and the body. A body that
 * is no text stands there in base64, and says so.
 */
export function statementOf({ method, address, headers, body }: Parts): string {
  return assembled(method, writeAddress(address), headers, textOf(body));
}

/** The same as the trail may hold it. */
export function recordedStatement({ method, address, headers, body }: Parts, sealing: Sealing): string {
  const path = sealAddress(address, (value) => sealText(value, sealing.seal));
  return assembled(method, path, headers, sealBody(body, sealing));
}

function assembled(method: string, path: string, headers: Parts['headers'], body: string): string {
  const head = [`${method} ${path}`, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\n');
  return body === '' ? head : `${head}\n\n${body}`;
}

function textOf(body: Body): string {
  if (body.type === 'none') return '';
  return body.type === 'protobuf' ? `base64:${Buffer.from(body.bytes).toString('base64')}` : body.text;
}
