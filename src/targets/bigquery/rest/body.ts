import type { Body, Piece } from '../../../model/result.ts';

type Told = Partial<Omit<ReturnType<Body['summary']>, 'truncated'>> & { truncated?: boolean };

/** An answer of one document. `texts` is where in it values stand that detectors are to look at. */
export function bodyOf(
  bytes: Uint8Array,
  { texts = [], status = 200, told = {} }: { texts?: readonly number[]; status?: number; told?: Told } = {},
): Body {
  async function* pieces(): AsyncGenerator<Piece, void> {
    if (bytes.byteLength > 0) yield { bytes, texts };
  }
  return {
    ...{ form: 'body', status, content: 'json', live: false, pieces: pieces() },
    headers: [['content-type', 'application/json; charset=utf-8']],
    summary: () => ({ truncated: false, ...told }),
  };
}

/** What holds names and counts alone. */
export const documentOf = (document: object, told?: Told): Body =>
  bodyOf(Buffer.from(JSON.stringify(document)), told === undefined ? {} : { told });
