/** What a request is about, read from its method, path and query as the API server reads them. */
export type RequestInfo = {
  isResource: boolean;
  /** Of the API where it is a resource, the method in lower case where not. */
  verb: string;
  segments: readonly string[];
  group: string;
  version: string;
  namespace: string;
  resource: string;
  subresource: string;
  name: string;
};

const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Like the real server, it decodes the whole path first: an encoded slash divides. */
export function readRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const segments = decodeURIComponent(path)
    .replace(/^\/+|\/+$/g, '')
    .split('/');
  const none = { segments, group: '', version: '', namespace: '', resource: '', subresource: '', name: '' };
  const outside = { ...none, isResource: false, verb: method.toLowerCase() };
  const [prefix = '', ...below] = segments;
  if (prefix !== 'api' && prefix !== 'apis') return outside;
  const group = prefix === 'apis' ? (below.shift() ?? '') : '';
  const version = below.shift() ?? '';
  if (below.length === 0) return outside;

  let verb = verbs[method] ?? '';
  if (below[0] === 'watch' && below.length > 1) {
    verb = 'watch';
    below.shift();
  }
  const inside = { ...none, isResource: true, group, version, ...readPlace(below) };
  const isAll = inside.name === '';
  if (verb === 'get' && isAll) verb = isTrue(query, 'watch') ? 'watch' : 'list';
  if (verb === 'delete' && isAll) verb = 'deletecollection';
  const named = ['list', 'watch', 'deletecollection'].includes(verb) ? nameSelected(query) : '';
  return { ...inside, verb, name: inside.name || named };
}

function readPlace(parts: readonly string[]) {
  if (parts[0] !== 'namespaces') {
    const [resource = '', name = '', subresource = ''] = parts;
    return { resource, name, subresource };
  }
  const [, namespace = '', resource = 'namespaces', name = '', subresource = ''] = parts;
  if (parts.length < 3) return { namespace, resource, name: namespace };
  if (['status', 'finalize'].includes(resource)) {
    return { namespace, resource: 'namespaces', name: namespace, subresource: resource };
  }
  return { namespace, resource, name, subresource };
}

function nameSelected(query: URLSearchParams): string {
  return /^metadata\.name==?([^,=!]+)$/.exec(query.get('fieldSelector') ?? '')?.[1] ?? '';
}

/** A boolean of a query: there, and neither `false` nor `0`; the first one counts (`Convert_Slice_string_To_bool`). */
export function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && !['false', '0'].includes(value.toLowerCase());
}
