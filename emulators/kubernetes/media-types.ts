import { notAcceptable } from './status.ts';

/** One alternative of an `Accept` header: `application/json;as=Table;v=v1;g=meta.k8s.io`. */
export type MediaType = { type: string; parameters: Readonly<Record<string, string>> };

export function readMediaTypes(header: string | undefined): readonly MediaType[] {
  const read = (header ?? '*/*').split(',').map((one) => {
    const [type = '', ...parameters] = one.split(';').map((part) => part.trim());
    return { type, parameters: Object.fromEntries(parameters.map((part) => pair(part))) };
  });
  const weight = ({ parameters }: MediaType) => Number(parameters['q'] ?? 1);
  return read.sort((one, other) => weight(other) - weight(one));
}

function pair(part: string): [string, string] {
  const [name = '', value = ''] = part.split('=');
  return [name.trim().toLowerCase(), value.trim()];
}

export type Shape = { as: 'object' } | { as: 'Table' | 'PartialObjectMetadata'; version: string };

/** In which shape an object is to be answered: the first alternative that this server speaks, which is JSON alone. Throws a 406. */
export function shapeOf(accept: string | undefined): Shape {
  for (const { type, parameters } of readMediaTypes(accept)) {
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    const { as, g = 'meta.k8s.io', v: version = 'v1' } = parameters;
    if (as === undefined) return { as: 'object' };
    const isKnown = g === 'meta.k8s.io' && ['v1', 'v1beta1'].includes(version);
    if (isKnown && as === 'Table') return { as, version };
    if (isKnown && as.startsWith('PartialObjectMetadata')) return { as: 'PartialObjectMetadata', version };
  }
  throw notAcceptable('application/json');
}
