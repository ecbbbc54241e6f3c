import { createJsonMasks, type JsonFraming, maskJson, maskResult } from '../../../src/masking/masking.ts';
import type { Transform } from '../../../src/model/documents.ts';
import type { Piece } from '../../../src/model/result.ts';
import { createTokenKey } from '../../../src/model/seal.ts';

const tokenKey = createTokenKey('a key for tests');

/** Path → class, or class and transform. */
export type Paths = Record<string, string | readonly [className: string, transform: Transform]>;

export function masksFor(paths: Paths, unmask: readonly string[] = []) {
  const pairs = Object.entries(paths).map(([path, said]) => [path, typeof said === 'string' ? said : said[0]] as const);
  const transforms = Object.values(paths).flatMap((said) => (typeof said === 'string' ? [] : [said]));
  return createJsonMasks({ paths: new Map(pairs), transforms: new Map(transforms), unmask, tokenKey });
}

export async function* inChunks(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = Math.max(1, sizes[index % sizes.length] ?? bytes.length);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

export async function piecesOf(pieces: AsyncIterable<Piece>): Promise<Piece[]> {
  const all: Piece[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

const textOf = (pieces: readonly Piece[]) => Buffer.concat(pieces.map(({ bytes }) => bytes)).toString();

type Asked = { paths?: Paths; unmask?: readonly string[]; sizes?: readonly number[]; framing?: JsonFraming };

/** What is left of the JSON after masking by path, before the second net. */
export async function masked(json: string | Uint8Array, { paths = {}, unmask, sizes = [65536], framing }: Asked = {}) {
  const source = inChunks(typeof json === 'string' ? Buffer.from(json) : json, sizes);
  return textOf(await piecesOf(maskJson(source, masksFor(paths, unmask), framing)));
}

/** After the second net, as it leaves. */
export async function answered(json: string, { paths = {}, unmask = [], sizes = [65536], framing }: Asked = {}) {
  const pieces = maskJson(inChunks(Buffer.from(json), sizes), masksFor(paths, unmask), framing);
  return throughNet(pieces, unmask);
}

async function throughNet(pieces: AsyncIterable<Piece>, unmask: readonly string[] = []) {
  const result = maskResult(
    {
      ...{ form: 'body', status: 200, headers: [], content: 'json', live: false, pieces },
      summary: () => ({ truncated: false }),
    },
    { unmask },
  );
  if (result.form !== 'body') throw new Error('An answer is a body.');
  const left: Uint8Array[] = [];
  for await (const bytes of result.pieces) left.push(bytes);
  return { text: Buffer.concat(left).toString(), findings: result.findings() };
}
