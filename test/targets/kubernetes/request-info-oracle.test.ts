import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAddress } from '../../../src/targets/kubernetes/path.ts';
import { requestInfo } from '../../../src/targets/kubernetes/request-info.ts';

/**
 * What the API server's documentation of its request attributes says, put down a second time and in another way: path by path from the left,
 * with the one exception for what stands below a namespace.
 */
function documented(method: string, path: string, query: URLSearchParams) {
  const parts = path.split('/').filter((part) => part !== '');
  const plain = {
    isResource: false,
    verb: method.toLowerCase(),
    group: '',
    version: '',
    resource: '',
    subresource: '',
  };
  const [root] = parts;
  if (root !== 'api' && root !== 'apis') return { ...plain, namespace: '', name: '' };
  if (parts.length < (root === 'api' ? 3 : 4)) return { ...plain, namespace: '', name: '' };
  parts.shift();
  const group = root === 'apis' ? (parts.shift() ?? '') : '';
  const version = parts.shift() ?? '';
  let namespace = '';
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1] ?? '';
    if (parts.length > 2 && parts[2] !== 'status' && parts[2] !== 'finalize') parts.splice(0, 2);
  }
  const [resource = '', name = '', subresource = ''] = parts;
  const verbs: Record<string, string> = {
    GET: 'get',
    HEAD: 'get',
    POST: 'create',
    PUT: 'update',
    PATCH: 'patch',
    DELETE: name === '' ? 'deletecollection' : 'delete',
  };
  const verb = verbs[method] ?? '';
  const found = { isResource: true, group, version, resource, subresource, namespace };
  if (name !== '' || verb !== 'get') return { ...found, verb, name };
  const watch = query.get('watch');
  const watches = watch !== null && watch !== '0' && watch.toLowerCase() !== 'false';
  const selected = (query.get('fieldSelector') ?? '').split(',').find((term) => /^metadata\.name==?[^=]/.test(term));
  const chosen = selected?.replace(/^metadata\.name==?/, '') ?? '';
  const isName = chosen !== '.' && chosen !== '..' && !/[/%]/.test(chosen);
  return { ...found, verb: watches ? 'watch' : 'list', name: isName ? chosen : '' };
}

const word = fc.constantFrom(
  ...['api', 'apis', 'v1', 'apps', 'rbac.authorization.k8s.io', 'namespaces', 'status', 'finalize', 'pods', 'secrets'],
  ...[
    'watch',
    'proxy',
    'log',
    'exec',
    'scale',
    'team-a',
    'default',
    'nodes',
    'services',
    'web:80',
    'a.b',
    'namespaces',
  ],
);
const path = fc.oneof(
  fc.array(word, { minLength: 1, maxLength: 9 }),
  fc.array(word, { maxLength: 7 }).map((rest) => ['api', 'v1', ...rest]),
  fc.array(word, { maxLength: 7 }).map((rest) => ['apis', 'apps', 'v1', ...rest]),
  fc.array(word, { maxLength: 5 }).map((rest) => ['api', 'v1', 'namespaces', 'team-a', ...rest]),
);
const query = fc.constantFrom(
  ...[
    '',
    'watch',
    'watch=',
    'watch=1',
    'watch=true',
    'watch=True',
    'watch=FALSE',
    'watch=false',
    'watch=0',
    'watch=00',
  ],
  ...['watch=banana', 'limit=1', 'fieldSelector=metadata.name%3Dx', 'fieldSelector=metadata.name%3D%3Dx'],
  ...['fieldSelector=metadata.name!%3Dx', 'fieldSelector=spec.nodeName%3Dn,metadata.name%3Dx&watch=1'],
  ...[
    'fieldSelector=metadata.name%3D..',
    'fieldSelector=metadata.name%3Da%2Fb',
    'fieldSelector=metadata.namespace%3Dx',
  ],
);
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE');

test('is what the server takes any path for, by what its documentation says', () => {
  fc.assert(
    fc.property(method, path, query, (verb, segments, asked) => {
      const depth = segments[0] === 'api' ? 2 : 3;
      const isResource = /^apis?$/.test(segments[0] ?? '') && segments.length > depth;
      fc.pre(!isResource || !/^(watch|proxy)$/.test(segments[depth] ?? ''));
      const raw = `/${segments.join('/')}`;

      const { segments: _, ...info } = requestInfo(verb, readAddress(asked === '' ? raw : `${raw}?${asked}`));

      expect(info).toEqual(documented(verb, raw, new URLSearchParams(asked)));
    }),
    { numRuns: 3000 },
  );
});

test('says the verb by the method alone: a path that says it is refused', () => {
  for (const said of ['watch', 'proxy'])
    for (const root of ['/api/v1', '/apis/apps/v1'])
      for (const rest of ['', '/pods', '/namespaces/team-a/pods', '/namespaces/team-a/secrets/s1', '/nodes/n1'])
        expect(() => requestInfo('GET', readAddress(`${root}/${said}${rest}`))).toThrow(
          expect.objectContaining({ code: 'denied' }),
        );
});
