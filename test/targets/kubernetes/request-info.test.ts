import { describe, expect, test } from 'vitest';
import { readAddress } from '../../../src/targets/kubernetes/path.ts';
import { requestInfo } from '../../../src/targets/kubernetes/request-info.ts';

const infoOf = (method: string, path: string) => requestInfo(method, readAddress(path));
/** `group/version namespace resource/name/subresource` with `-` where there is none. */
const told = (method: string, path: string) => {
  const { isResource, verb, group, version, namespace, resource, name, subresource } = infoOf(method, path);
  if (!isResource) return `${verb} no resource`;
  const or = (text: string) => text || '-';
  return `${verb} ${or(group)} ${version} ${or(namespace)} ${or(resource)} ${or(name)} ${or(subresource)}`;
};

describe('a request is taken for what the API server itself takes it for (its own cases)', () => {
  test.for([
    // Resources.
    ['GET', '/api/v1/namespaces', 'list - v1 - namespaces - -'],
    ['GET', '/api/v1/namespaces/other', 'get - v1 other namespaces other -'],
    ['GET', '/api/v1/namespaces/other/pods', 'list - v1 other pods - -'],
    ['GET', '/api/v1/namespaces/other/pods/foo', 'get - v1 other pods foo -'],
    ['HEAD', '/api/v1/namespaces/other/pods/foo', 'get - v1 other pods foo -'],
    ['GET', '/api/v1/pods', 'list - v1 - pods - -'],
    ['HEAD', '/api/v1/pods', 'list - v1 - pods - -'],
    ['PATCH', '/api/v1/namespaces/new-namespace', 'patch - v1 new-namespace namespaces new-namespace -'],
    // Verbs in the query.
    ['GET', '/api/v1/pods?watch=true', 'watch - v1 - pods - -'],
    ['GET', '/api/v1/pods?watch=false', 'list - v1 - pods - -'],
    ['GET', '/api/v1/namespaces/other/pods?watch=1', 'watch - v1 other pods - -'],
    ['GET', '/api/v1/namespaces/other/pods?watch=0', 'list - v1 other pods - -'],
    // Subresources.
    ['GET', '/api/v1/namespaces/other/pods/foo/status', 'get - v1 other pods foo status'],
    ['GET', '/api/v1/namespaces/other/pods/foo/proxy/subpath', 'get - v1 other pods foo proxy'],
    ['PUT', '/api/v1/namespaces/other/finalize', 'update - v1 other namespaces other finalize'],
    ['PUT', '/api/v1/namespaces/other/status', 'update - v1 other namespaces other status'],
    // Verbs.
    ['PATCH', '/api/v1/namespaces/other/pods/foo', 'patch - v1 other pods foo -'],
    ['DELETE', '/api/v1/namespaces/other/pods/foo', 'delete - v1 other pods foo -'],
    ['POST', '/api/v1/namespaces/other/pods', 'create - v1 other pods - -'],
    ['DELETE', '/api/v1/nodes', 'deletecollection - v1 - nodes - -'],
    ['DELETE', '/api/v1/namespaces', 'deletecollection - v1 - namespaces - -'],
    ['DELETE', '/api/v1/namespaces/other/pods', 'deletecollection - v1 other pods - -'],
    ['DELETE', '/apis/extensions/v1/namespaces/other/pods', 'deletecollection extensions v1 other pods - -'],
    // Groups and versions.
    ['POST', '/apis/extensions/v1/namespaces/other/pods', 'create extensions v1 other pods - -'],
    ['POST', '/apis/extensions/v1beta3/namespaces/other/pods', 'create extensions v1beta3 other pods - -'],
    ['GET', '/api/version/resource', 'list - version - resource - -'],
    ['GET', '/apis/group/version/resource/name/subresource', 'get group version - resource name subresource'],
    ['GET', '/api/version/resource/name/subresource', 'get - version - resource name subresource'],
    ['GET', '/apis/batch/v1/job', 'list batch v1 - job - -'],
    ['GET', '/apis/batch/v1/job/foo', 'get batch v1 - job foo -'],
    ['GET', '/apis/batch/v1/job/foo/scale', 'get batch v1 - job foo scale'],
    // No resources.
    ['GET', '/', 'get no resource'],
    ['GET', '/badprefix/version/resource', 'get no resource'],
    ['GET', '/not-api/version/resource', 'get no resource'],
    ['GET', '/apis/version/resource', 'get no resource'],
    ['GET', '/apis/extensions/v1beta1', 'get no resource'],
    ['GET', '/api/version', 'get no resource'],
    ['GET', '/api', 'get no resource'],
    // Names in field selectors.
    ['GET', '/apis/group/version/resource', 'list group version - resource - -'],
    ['GET', '/apis/group/version/resource?fieldSelector=metadata.name=name1', 'list group version - resource name1 -'],
    [
      'GET',
      '/apis/group/version/resource?watch=true&fieldSelector=metadata.name=name1',
      'watch group version - resource name1 -',
    ],
    ['GET', '/apis/group/version/resource?fieldSelector=foo=bar', 'list group version - resource - -'],
    ['GET', '/apis/group/version/resource?fieldSelector=metadata.name=name1,foo', 'list group version - resource - -'],
    [
      'GET',
      '/apis/group/version/resource?fieldSelector=metadata.name=name1,foo&watch=true',
      'watch group version - resource - -',
    ],
    [
      'GET',
      '/apis/group/version/resource?fieldSelector=metadata.name=name1,foo&watch=false',
      'list group version - resource - -',
    ],
  ] as const)('%s %s', ([method, path, expected]) => {
    expect(told(method, path)).toBe(expected);
  });

  test.for([
    '/api/v1/proxy/namespaces/other/pods/foo',
    '/api/v1/proxy/namespaces/other/pods/foo/subpath/not/a/subresource',
    '/api/v1/watch/pods',
    '/api/v1/watch/namespaces/other/pods',
    '/apis/apps/v1/watch/deployments',
    '/api/v1/watch',
    '/api/v1/proxy',
  ])('the verb in the path is refused: %s', (path) => {
    expect(() => infoOf('GET', path)).toThrow(expect.objectContaining({ code: 'denied' }));
  });

  test.for(['/api/version/', '/apis/group/version/', '/apis/extensions/v1beta1/'])(
    'a slash at the end of discovery is cut off, as the server does: %s',
    (path) => {
      expect(infoOf('GET', path)).toMatchObject({ isResource: false, verb: 'get' });
    },
  );
});

describe('odd requests are taken for what the API server would take them for', () => {
  test.for([
    ['GET', '/api/v1/pods?watch=banana', 'watch - v1 - pods - -'],
    ['GET', '/api/v1/pods?watch', 'watch - v1 - pods - -'],
    ['GET', '/api/v1/pods?watch=', 'watch - v1 - pods - -'],
    ['GET', '/api/v1/pods?watch=TRUE', 'watch - v1 - pods - -'],
    ['GET', '/api/v1/pods?watch=FALSE', 'list - v1 - pods - -'],
    ['GET', '/api/v1/pods?watch=00', 'watch - v1 - pods - -'],
    ['GET', '/api/v1/pods?watch=no', 'watch - v1 - pods - -'],
    ['GET', '/api/v1/pods?watch=false&watch=true', 'list - v1 - pods - -'],
    ['GET', '/api/v1/pods?watch=true&watch=false', 'watch - v1 - pods - -'],
    ['GET', '/api/v1/pods?%77atch=1', 'watch - v1 - pods - -'],
    ['GET', '/api/v1/pods?Watch=1', 'list - v1 - pods - -'],
    ['GET', '/api/v1/pods?+watch=1', 'list - v1 - pods - -'],
    ['GET', '/api/v1/namespaces/a/pods/x?watch=1', 'get - v1 a pods x -'],
    ['DELETE', '/api/v1/pods?watch=1', 'deletecollection - v1 - pods - -'],
    ['DELETE', '/api/v1/pods?fieldSelector=metadata.name=x', 'deletecollection - v1 - pods - -'],
    ['POST', '/api/v1/namespaces/a/pods?watch=1', 'create - v1 a pods - -'],
    ['GET', '/api/v1/%73ecrets', 'list - v1 - secrets - -'],
    ['GET', '/%61pi/v1/namespaces/a/%73ecrets/x', 'get - v1 a secrets x -'],
    ['GET', '/api/v1/Secrets', 'list - v1 - Secrets - -'],
    ['GET', '/API/v1/secrets', 'get no resource'],
    ['GET', '/api/v1/namespaces/a/Status', 'list - v1 a Status - -'],
    ['GET', '/api/v1/namespaces/a/status/x', 'get - v1 a namespaces a status'],
    ['GET', '/api/v1/namespaces/a/namespaces/b', 'get - v1 a namespaces b -'],
    ['GET', '/api/v1/namespaces/namespaces/pods', 'list - v1 namespaces pods - -'],
    ['GET', '/apis/apps/v1/namespaces/a/deployments/d/scale/x', 'get apps v1 a deployments d scale'],
    ['get', '/api/v1/pods', ' - v1 - pods - -'],
    ['OPTIONS', '/api/v1/pods', ' - v1 - pods - -'],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name==x', 'list - v1 - pods x -'],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name!=x', 'list - v1 - pods - -'],
    ['GET', '/api/v1/pods?fieldSelector=spec.nodeName=n,metadata.name=x', 'list - v1 - pods x -'],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name=a/b', 'list - v1 - pods - -'],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name=a%255c', 'list - v1 - pods - -'],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name=a\\,b', 'list - v1 - pods a,b -'],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name=..', 'list - v1 - pods - -'],
  ] as const)('%s %s', ([method, path, expected]) => {
    expect(told(method, path)).toBe(expected);
  });
});
