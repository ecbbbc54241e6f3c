import { nameSelected } from './field-selector.ts';
import { type Address, firstOf } from './path.ts';
import { never } from './refusal.ts';

/** What a request to an API server is about, as the server itself derives it (k8s.io/apiserver, `RequestInfo`). */
export type RequestInfo = {
  isResource: boolean;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, … ; the method in lower case where it is no resource. */
  verb: string;
  /** Empty for the core group. */
  group: string;
  version: string;
  resource: string;
  subresource: string;
  /** Empty where there is none, or where it is about all. */
  namespace: string;
  name: string;
  /** Decoded segments. */
  segments: readonly string[];
};

const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Subresources of a namespace; anything else below one is a resource in it. */
const ofNamespaces = ['status', 'finalize'];

/**
 * Derives what the server will take the request for. Refuses the prefixes `/watch/` and `/proxy/` below a version, which are
 * deprecated ways to say the verb in the path.
 */
export function requestInfo(method: string, { segments, query }: Address): RequestInfo {
  const bare = { isResource: false, verb: method.toLowerCase(), segments };
  const nothing = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
  const [prefix = ''] = segments;
  const depth = { api: 1, apis: 2 }[prefix];
  const version = depth === undefined ? undefined : segments[depth];
  if (depth === undefined || version === undefined || segments.length < depth + 2) return { ...bare, ...nothing };

  const rest = segments.slice(depth + 1);
  if (rest[0] === 'watch') throw never('path', 'Watch with `?watch=true` on the list, not with `/watch/` in the path.');
  if (rest[0] === 'proxy') throw never('proxy', 'Nothing is reached through the API server’s proxy.');
  const below = rest[0] === 'namespaces' && rest.length > 2 && !ofNamespaces.includes(rest[2] ?? '');
  const [resource = '', name = '', subresource = ''] = below ? rest.slice(2) : rest;
  const verb = verbs[method] ?? '';
  return {
    isResource: true,
    group: depth === 2 ? (segments[1] ?? '') : '',
    version,
    resource,
    subresource,
    namespace: rest[0] === 'namespaces' ? (rest[1] ?? '') : '',
    segments,
    ...(name === '' ? ofMany(verb, query) : { verb, name }),
  };
}

/** What no name stands in is about all of them, but where a field selector asks for one by its name. */
function ofMany(verb: string, query: Address['query']): Pick<RequestInfo, 'verb' | 'name'> {
  if (verb === 'delete') return { verb: 'deletecollection', name: '' };
  if (verb !== 'get') return { verb, name: '' };
  const watch = firstOf(query, 'watch');
  return {
    verb: watch !== undefined && isTrue(watch) ? 'watch' : 'list',
    name: nameSelected(firstOf(query, 'fieldSelector') ?? '') ?? '',
  };
}

/** Whether the server takes a value for true: whatever is neither `0` nor `false`, also no value at all. */
export function isTrue(value: string): boolean {
  return value !== '0' && value.toLowerCase() !== 'false';
}
