import { maskText } from '../../masking/masking.ts';
import { type Json, mapTexts, textAt } from './json.ts';

/** Names of reasons that clients act on (k8s.io/apimachinery, `StatusReason`). */
const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** A failure in Kubernetes' own form and in our words, for an answer of the server that is none. */
export function plainStatus(code: number): Json {
  const message = code === 404 ? 'the server could not find the requested resource' : `the API server answered ${code}`;
  return { ...failure, message, reason: reasons[code] ?? 'Unknown', code };
}

const failure = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' };

/**
 * A failure that the server told, once it was masked: its code, reason and names are kept, so that clients do as they would without the
 * gateway; every text went through the detectors, too.
 */
export function tellable(status: Json, code: number, unmask: readonly string[]): Json {
  if (textAt(status, 'kind') !== 'Status') return plainStatus(code);
  return mapTexts(status, (text) => maskText(text, { unmask }).text);
}
