import { unreadable } from '../refusal.ts';

/** `application/json;as=Table` taken apart: the type in lower case, its parameters by lower-case name. */
type MediaType = { type: string; parameters: ReadonlyMap<string, string> };

/** What a body may be: JSON, YAML that is turned into JSON, or Kubernetes' protobuf. */
export const bodyTypes = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
} as const;

export const patchTypes = {
  'json-patch': 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export type BodyType = keyof typeof bodyTypes;
export type PatchType = keyof typeof patchTypes;

/** The type of a body among those known; its only parameter may be `charset=utf-8`. */
export function typeOf<Known extends string>(header: string, known: Readonly<Record<Known, string>>): Known {
  const [media, ...others] = mediaTypes(header);
  const found = (Object.keys(known) as Known[]).find((name) => known[name] === media?.type);
  const plain = [...(media?.parameters ?? [])].every(([name, value]) => name === 'charset' && /^utf-?8$/i.test(value));
  if (found === undefined || others.length > 0 || !plain)
    throw unreadable('media-type', `Send a body as ${Object.values(known).join(' or ')}.`);
  return found;
}

const json = 'application/json';
const meta = {
  Table: ['v1', 'v1beta1'],
  PartialObjectMetadata: ['v1', 'v1beta1'],
  PartialObjectMetadataList: ['v1', 'v1beta1'],
};
const discovery = { APIGroupDiscoveryList: ['v2', 'v2beta1'] };

/** Names of schemas hold no data, and kubectl takes them as protobuf alone. */
const schemas = /^application\/com\.github\.proto-openapi\.spec\.v[23](@v1\.0|\.v1\.0)\+protobuf$/;

/**
 * What the caller takes, of what the gateway can mask: JSON, also as a Table, as metadata alone, or as what a server serves. In the caller's
 * order. Refuses who takes nothing of it. `objects` are never a Table.
 */
export function accepted(header: string | undefined, about: 'object' | 'objects' | 'schemas' | 'text'): string {
  if (about === 'text') return '*/*';
  if (header === undefined || header.trim() === '') return json;
  const kept = mediaTypes(header)
    .filter(({ parameters }) => Number(parameters.get('q') ?? '1') > 0)
    .sort((a, b) => Number(b.parameters.get('q') ?? '1') - Number(a.parameters.get('q') ?? '1'))
    .flatMap((media) => narrowed(media, about));
  if (kept.length > 0) return [...new Set(kept)].join(',');
  throw unreadable('accept', `Accept ${json}: it is what the gateway can mask.`);
}

function narrowed({ type, parameters }: MediaType, about: 'object' | 'objects' | 'schemas'): string[] {
  if (about === 'schemas' && schemas.test(type)) return [type];
  if (['*/*', 'application/*'].includes(type)) return [json];
  if (type !== json) return [];
  const [as, v, g] = ['as', 'v', 'g'].map((name) => parameters.get(name));
  if (as === undefined) return [json];
  if (as === 'Table' && about === 'objects') return [];
  const group = Object.hasOwn(discovery, as) ? 'apidiscovery.k8s.io' : 'meta.k8s.io';
  const versions = new Map(Object.entries({ ...meta, ...discovery })).get(as);
  return g === group && v !== undefined && versions?.includes(v) ? [`${json};as=${as};v=${v};g=${g}`] : [];
}

function mediaTypes(header: string): MediaType[] {
  return header.split(',').map((part) => {
    const [type = '', ...rest] = part.split(';').map((word) => word.trim());
    const parameters = rest.map((word) => {
      const [name = '', value = ''] = word.split('=');
      return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')] as const;
    });
    return { type: type.toLowerCase(), parameters: new Map(parameters) };
  });
}
