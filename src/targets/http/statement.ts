import type { JudgedBody } from './request-body.ts';
import type { Pairs } from './request-headers.ts';

/**
 * The exact bytes that are hashed, approved and shown: `METHOD path?query`, the headers that are sent, an empty line, and the body; in
 * base64 where it is not UTF-8, which a header that no caller can send says.
 */
export function statementOf(parts: { method: string; path: string; headers: Pairs; body: JudgedBody }): string {
  const { method, path, headers, body } = parts;
  return assembled({ first: `${method} ${path}`, headers, body: bodyText(body), isEncoded: body.kind === 'bytes' });
}

export function assembled(parts: { first: string; headers: Pairs; body: string; isEncoded: boolean }): string {
  const { first, headers, body, isEncoded } = parts;
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  return [first, ...lines, ...(isEncoded ? ['sallyport-body: base64'] : []), '', body].join('\n');
}

function bodyText(body: JudgedBody): string {
  if (body.kind === 'none') return '';
  return body.kind === 'bytes' ? Buffer.from(body.bytes).toString('base64') : body.text;
}
