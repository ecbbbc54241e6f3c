import { type JsonFraming, mapItems, maskJson } from '../../masking/masking.ts';
import { Problem } from '../../model/problem.ts';
import type { Body, Piece } from '../../model/result.ts';
import type { UpstreamAnswer } from '../../proxy/proxy.ts';
import { leaving, locationWithin } from './answer-headers.ts';
import { chunksOf, firstOf } from './chunks.ts';
import type { Echoes } from './echoes.ts';
import { isAmong, isEvents, isJsonLines, isUtf8, type MediaType, readMediaType } from './media-type.ts';
import type { Plan } from './plan.ts';
import { withheld } from './refusal.ts';
import { typesOf } from './request-headers.ts';
import type { Settings } from './settings.ts';

export type Receiving = {
  plan: Plan;
  settings: Settings;
  connection: string;
  echoes: Echoes;
  /** Bytes at most. */
  most: number;
  /** Milliseconds without a byte. */
  stall: number;
};

/**
 * A service's answer as it may leave. Refuses (`answer-unreadable`) what nobody can look into: another type than the operation declares, none,
 * a compressed body, half a document. Of errors there is the status in our words, unless the operation lets their bodies through.
 * Redirects are not followed; one that leads out of the connection is told without its aim.
 */
export async function receive(answer: UpstreamAnswer, receiving: Receiving): Promise<Body> {
  const { plan, settings, connection, echoes, stall } = receiving;
  const { status } = answer;
  const source = answer.body[Symbol.asyncIterator]();
  const headers = leaving(answer.headers, {
    allowed: settings.response_headers,
    unmask: plan.unmask,
    echoes,
    hidesAnything: plan.hides,
    isBytes: plan.response.content === 'bytes',
  });
  const basePath = settings.base_path ?? [];
  const location = locationWithin(answer.headers, {
    origin: settings.origin,
    basePath,
    connection,
    path: plan.path,
    echoes,
    unmask: plan.unmask,
  });
  if (location !== undefined && (status === 201 || isRedirect(status))) headers.push(['location', location]);
  if (isBodiless(plan.method, status) || isRedirect(status)) {
    await source.return?.();
    return bare(status, headers);
  }
  if (status >= 400 && plan.response.errors === 'status') {
    await source.return?.();
    return inOurWords(status, headers);
  }
  try {
    const first = await firstOf(source, stall);
    if (first.done === true) return bare(status, headers);
    return bodyOf({ first, source, answer, headers }, receiving);
  } catch (error) {
    await source.return?.();
    if (status >= 400 && error instanceof Problem && error.code === 'answer-unreadable')
      return inOurWords(status, headers);
    throw error;
  }
}

const isRedirect = (status: number) => status >= 300 && status < 400;
const isBodiless = (method: string, status: number) => method === 'HEAD' || [204, 205, 304].includes(status);

type Open = {
  first: IteratorResult<Uint8Array>;
  source: AsyncIterator<Uint8Array>;
  answer: UpstreamAnswer;
  headers: [string, string][];
};

function bodyOf({ first, source, answer, headers }: Open, receiving: Receiving): Body {
  const { plan, echoes, most, stall } = receiving;
  const { content } = plan.response;
  const type = declaredType(answer, plan);
  const framing = framingOf(type);
  const live = framing !== 'document';
  const length = Number(answer.headers.find(([name]) => name === 'content-length')?.[1] ?? 0);
  if (length > most) throw tooLarge(most);
  const without = echoes.stream();
  const check = content === 'text' ? textCheck() : undefined;
  let size = 0;
  const chunks = chunksOf({
    first,
    source,
    stall: live ? undefined : stall,
    push(bytes) {
      size += bytes.length;
      if (size > most) throw tooLarge(most);
      check?.push(bytes);
      return without.push(bytes);
    },
    end() {
      check?.end();
      return without.end();
    },
  });
  const written = echoes.strip(content === 'bytes' ? type.type : `${type.type}; charset=utf-8`);
  return {
    form: 'body',
    status: answer.status,
    headers: [['content-type', written], ...headers],
    content,
    live,
    pieces: content === 'json' ? maskedJson(chunks, plan, framing) : asPieces(chunks),
    summary: () => ({ truncated: false, ...(echoes.count() > 0 && { warnings: [echoed] }) }),
  };
}

const echoed = 'The service sent back the credential that it was given; it was masked.';

/** What the answer says it is, where that is among what the operation declares and can be looked into. */
function declaredType({ status, headers }: UpstreamAnswer, { response }: Plan): MediaType {
  const valuesOf = (name: string) =>
    headers.filter(([each]) => each === name).map(([, value]) => value.trim().toLowerCase());
  const codings = [...valuesOf('content-encoding'), ...valuesOf('transfer-encoding')];
  if (codings.some((coding) => !['identity', 'chunked', ''].includes(coding)))
    throw withheld(
      'content',
      'The service compressed its answer although it was asked not to, so it cannot be masked.',
    );
  if (status === 206 && response.content !== 'bytes')
    throw withheld('content', 'The service answered a part of a document, which cannot be masked.');
  const [given, ...others] = valuesOf('content-type');
  const type = given === undefined || others.length > 0 ? undefined : readMediaType(given);
  if (type === undefined)
    throw withheld('content', 'The service does not say what its answer is, so it cannot be masked.');
  const known =
    status >= 400
      ? [...typesOf(response), ...(response.content === 'json' ? ['application/problem+json'] : [])]
      : typesOf(response);
  if (!isAmong(type.type, known))
    throw withheld('content', `The service answered another type than the operation declares (${known.join(', ')}).`);
  if (response.content !== 'bytes' && !isUtf8(type))
    throw withheld('content', 'The service answered in another encoding than UTF-8, so it cannot be masked.');
  return type;
}

function framingOf({ type }: MediaType): JsonFraming {
  if (isEvents(type)) return 'events';
  return isJsonLines(type) ? 'lines' : 'document';
}

/** Detectors read UTF-8. What holds a NUL is UTF-16, or no text at all. */
function textCheck() {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes?: Uint8Array) => {
    try {
      if (bytes === undefined) decoder.decode();
      else decoder.decode(bytes, { stream: true });
    } catch {
      throw withheld('content', 'The service answered bytes that are no UTF-8, so they cannot be masked.');
    }
    if (bytes?.includes(0) === true)
      throw withheld('content', 'The service answered bytes that are no text, so they cannot be masked.');
  };
  return { push: decode, end: () => decode() };
}

/** Where something is hidden by its path, an event must be JSON: in anything else no path leads anywhere. */
function maskedJson(
  chunks: AsyncIterable<Uint8Array>,
  { masks, hides }: Plan,
  framing: JsonFraming,
): AsyncIterable<Piece> {
  const pieces = maskJson(chunks, masks, framing);
  return hides && framing === 'events' ? mapItems(pieces, refusePlainEvents) : pieces;
}

function refusePlainEvents(piece: Piece): Piece {
  const { bytes, plain = [] } = piece;
  for (let index = 0; index < plain.length; index += 2) {
    const said = Buffer.from(bytes.subarray(plain[index], plain[index + 1])).toString();
    if (/^(?:\uFEFF)?data(?!: ?(?:\[[A-Z]+\])?\s*$)/m.test(said.trimEnd()))
      throw withheld('content', 'The service sent an event that is no JSON, so it cannot be masked by path.');
  }
  return piece;
}

const tooLarge = (most: number) =>
  new Problem('too-large', { detail: `The service answered more than ${most} bytes.` });

const asPieces = (chunks: AsyncIterable<Uint8Array>) => mapItems(chunks, (bytes): Piece => ({ bytes }));

/** Nothing but the status and headers. */
function bare(status: number, headers: [string, string][]): Body {
  return own(status, headers, '');
}

function inOurWords(status: number, headers: [string, string][]): Body {
  const problem = { type: 'about:blank', title: `The service answered ${status}.`, status };
  return own(status, [['content-type', 'application/problem+json'], ...headers], JSON.stringify(problem));
}

function own(status: number, headers: [string, string][], text: string): Body {
  async function* pieces(): AsyncGenerator<Piece, void> {
    if (text !== '') yield { bytes: Buffer.from(text), texts: [] };
  }
  return {
    ...{ form: 'body', status, headers, content: 'json', live: false, pieces: pieces() },
    summary: () => ({ truncated: false }),
  };
}
