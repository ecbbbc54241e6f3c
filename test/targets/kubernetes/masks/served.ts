import { maskJson, maskResult } from '../../../../src/masking/masking.ts';
import type { Piece } from '../../../../src/model/result.ts';
import { createTokenKey } from '../../../../src/model/seal.ts';
import { createMasks, type MasksFor, maskLog } from '../../../../src/targets/kubernetes/masks/masks.ts';
import type { RequestInfo } from '../../../../src/targets/kubernetes/request-info.ts';

/** `secrets`, `deployments.apps`, `pods/log`; the verb as RequestInfo has it. */
function about(resource: string, verb = 'get'): RequestInfo {
  const [named = '', subresource = ''] = resource.split('/');
  const [plural = '', ...group] = named.split('.');
  return {
    ...{ isResource: true, verb, group: group.join('.'), version: 'v1', resource: plural, subresource, segments: [] },
    ...{ namespace: 'team-a', name: verb === 'list' || verb === 'watch' ? '' : 'one' },
  };
}

export type Serving = {
  verb?: string;
  unmask?: readonly string[];
  classification?: Record<string, Record<string, string>>;
  transforms?: MasksFor['connection']['transforms'];
  /** Bytes of each chunk. */
  size?: number;
};

export function masksOf(
  resource: string,
  { verb, unmask = [], classification = {}, transforms = new Map() }: Serving = {},
) {
  const entries = Object.entries(classification).map(
    ([entry, paths]) => [entry, new Map(Object.entries(paths))] as const,
  );
  const connection = { classification: new Map(entries), transforms };
  return createMasks({ info: about(resource, verb), connection, unmask, tokenKey: createTokenKey('a key for tests') });
}

async function* chunksOf(text: string, size: number) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function left(
  pieces: AsyncIterable<Piece>,
  content: 'json' | 'text',
  unmask: readonly string[],
): Promise<string> {
  const body = { form: 'body', status: 200, headers: [], content, live: false, pieces } as const;
  const masked = maskResult({ ...body, summary: () => ({ truncated: false }) }, { unmask });
  const parts: Uint8Array[] = [];
  if (masked.form === 'body') for await (const bytes of masked.pieces) parts.push(bytes);
  return Buffer.concat(parts).toString();
}

/** What leaves of an answer of the API server, after the second net. */
export function served(resource: string, answer: unknown, serving: Serving = {}): Promise<string> {
  const { verb, size = 65536, unmask = [] } = serving;
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  const framing = verb === 'watch' ? 'lines' : 'document';
  return left(maskJson(chunksOf(text, size), masksOf(resource, serving).json, framing), 'json', unmask);
}

export function logged(text: string, size = 65536): Promise<string> {
  return left(maskLog(chunksOf(text, size), masksOf('pods/log').report), 'text', []);
}
