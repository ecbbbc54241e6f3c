import { describe, expect, test } from 'vitest';
import { told, understood, webSocket } from './understood.ts';

const body = { metadata: { name: 'x' } };
const merge = { body: {}, headers: { 'content-type': 'application/merge-patch+json' } };
const given = (method: string) => ({ POST: { body }, PUT: { body }, PATCH: merge })[method] ?? {};

describe('each request is given the verb, the risks and the resources that it has', () => {
  test.for([
    // Reading.
    ['GET', '/api/v1/namespaces/a/pods', 'read a/pods/*'],
    ['GET', '/api/v1/namespaces/a/pods/x', 'read a/pods/x'],
    ['GET', '/api/v1/pods', 'read */pods/*'],
    ['GET', '/api/v1/pods?watch=1', 'read */pods/*'],
    ['GET', '/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Dx', 'read a/pods/x'],
    ['GET', '/api/v1/namespaces/a/secrets?watch=1&fieldSelector=metadata.name%3Dx', 'read a/secrets/x'],
    ['GET', '/api/v1/namespaces/a/pods/x/log', 'read a/pods/x/log'],
    ['GET', '/api/v1/namespaces/a/pods/x/status', 'read a/pods/x/status'],
    ['GET', '/api/v1/namespaces', 'read _/namespaces/*'],
    ['GET', '/api/v1/namespaces/a', 'read _/namespaces/a'],
    ['GET', '/api/v1/nodes/n', 'read _/nodes/n'],
    ['GET', '/apis/apps/v1/namespaces/a/deployments/d', 'read a/deployments.apps/d'],
    ['GET', '/apis/apps/v1/namespaces/a/deployments/d/scale', 'read a/deployments.apps/d/scale'],
    ['GET', '/apis/metrics.k8s.io/v1beta1/namespaces/a/pods', 'read a/pods.metrics.k8s.io/*'],
    [
      'GET',
      '/apis/metrics.k8s.io/v1beta1/namespaces/a/pods?fieldSelector=metadata.name%3Dx',
      'read a/pods.metrics.k8s.io/*',
    ],
    [
      'GET',
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node',
      'read _/clusterroles.rbac.authorization.k8s.io/system:node',
    ],
    // What applications are made of.
    ['POST', '/api/v1/namespaces/a/pods', 'write a/pods/x'],
    ['PUT', '/api/v1/namespaces/a/configmaps/c', 'write a/configmaps/c'],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/d', 'write a/deployments.apps/d'],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/d/scale', 'write a/deployments.apps/d/scale'],
    ['PUT', '/apis/apps/v1/namespaces/a/statefulsets/d/scale', 'write a/statefulsets.apps/d/scale'],
    ['PATCH', '/api/v1/namespaces/a/pods/x/resize', 'write a/pods/x/resize'],
    ['POST', '/api/v1/namespaces/a/secrets', 'write a/secrets/x'],
    ['DELETE', '/api/v1/namespaces/a/pods/x', 'delete a/pods/x'],
    ['DELETE', '/api/v1/namespaces/a/pods?labelSelector=app%3Dx', 'delete bulk a/pods/*'],
    ['DELETE', '/api/v1/namespaces/a/pods', 'delete bulk,unbounded a/pods/*'],
    ['DELETE', '/api/v1/namespaces/a/persistentvolumeclaims/p', 'delete irreversible a/persistentvolumeclaims/p'],
    ['POST', '/api/v1/namespaces/a/pods/x/eviction', 'delete a/pods/x/eviction'],
    // Running something, and tunnels.
    ['PATCH', '/api/v1/namespaces/a/pods/x/ephemeralcontainers', 'execute privilege a/pods/x/ephemeralcontainers'],
    // Rights and credentials.
    ['POST', '/api/v1/namespaces/a/serviceaccounts', 'grant privilege a/serviceaccounts/x'],
    ['POST', '/api/v1/namespaces/a/serviceaccounts/s/token', 'grant credential a/serviceaccounts/s/token'],
    [
      'POST',
      '/apis/certificates.k8s.io/v1/certificatesigningrequests',
      'grant credential _/certificatesigningrequests.certificates.k8s.io/x',
    ],
    [
      'PUT',
      '/apis/certificates.k8s.io/v1/certificatesigningrequests/c/approval',
      'grant credential,privilege _/certificatesigningrequests.certificates.k8s.io/c/approval',
    ],
    [
      'PATCH',
      '/apis/certificates.k8s.io/v1/certificatesigningrequests/c/status',
      'grant credential _/certificatesigningrequests.certificates.k8s.io/c/status',
    ],
    [
      'PATCH',
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/r',
      'grant privilege _/clusterroles.rbac.authorization.k8s.io/r',
    ],
    [
      'POST',
      '/apis/rbac.authorization.k8s.io/v1/namespaces/a/rolebindings',
      'grant privilege a/rolebindings.rbac.authorization.k8s.io/x',
    ],
    [
      'DELETE',
      '/apis/rbac.authorization.k8s.io/v1/namespaces/a/roles/r',
      'grant privilege a/roles.rbac.authorization.k8s.io/r',
    ],
    // What changes the API itself.
    [
      'POST',
      '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
      'define schema,privilege _/mutatingwebhookconfigurations.admissionregistration.k8s.io/x',
    ],
    [
      'PATCH',
      '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/w',
      'define schema,privilege _/validatingwebhookconfigurations.admissionregistration.k8s.io/w',
    ],
    [
      'PUT',
      '/apis/apiregistration.k8s.io/v1/apiservices/s',
      'define schema,privilege _/apiservices.apiregistration.k8s.io/s',
    ],
    [
      'PATCH',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com',
      'define schema,privilege _/customresourcedefinitions.apiextensions.k8s.io/widgets.example.com',
    ],
    [
      'DELETE',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com',
      'define schema,privilege,irreversible _/customresourcedefinitions.apiextensions.k8s.io/widgets.example.com */widgets.example.com/*',
    ],
    // How the cluster is run.
    ['PATCH', '/api/v1/nodes/n', 'administer privilege _/nodes/n'],
    ['PATCH', '/api/v1/nodes/n/status', 'administer privilege _/nodes/n/status'],
    ['DELETE', '/api/v1/nodes', 'administer privilege,bulk,unbounded _/nodes/*'],
    ['PUT', '/api/v1/namespaces/a/endpoints/e', 'administer a/endpoints/e'],
    [
      'PATCH',
      '/apis/discovery.k8s.io/v1/namespaces/a/endpointslices/e',
      'administer a/endpointslices.discovery.k8s.io/e',
    ],
    ['PUT', '/apis/coordination.k8s.io/v1/namespaces/a/leases/l', 'administer a/leases.coordination.k8s.io/l'],
    ['POST', '/api/v1/namespaces/a/bindings', 'administer a/bindings/x'],
    ['POST', '/api/v1/namespaces/a/pods/x/binding', 'administer a/pods/x/binding'],
    ['PATCH', '/api/v1/namespaces/a/pods/x/status', 'administer a/pods/x/status'],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/d/status', 'administer a/deployments.apps/d/status'],
    ['POST', '/api/v1/namespaces', 'administer _/namespaces/x'],
    ['PATCH', '/api/v1/namespaces/a', 'administer privilege _/namespaces/a'],
    ['PUT', '/api/v1/namespaces/a/finalize', 'administer irreversible _/namespaces/a/finalize'],
    ['DELETE', '/api/v1/namespaces/a', 'delete irreversible,unbounded _/namespaces/a a/*/*'],
    ['POST', '/api/v1/persistentvolumes', 'administer privilege _/persistentvolumes/x'],
    [
      'PATCH',
      '/apis/networking.k8s.io/v1/namespaces/a/networkpolicies/n',
      'administer a/networkpolicies.networking.k8s.io/n',
    ],
    // Questions.
    ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', 'read'],
    ['POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', 'read'],
    ['POST', '/apis/authentication.k8s.io/v1/tokenreviews', 'read'],
    [
      'POST',
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      'read _/subjectaccessreviews.authorization.k8s.io/x',
    ],
    // What the server says of itself.
    ['GET', '/version', 'read'],
    ['GET', '/api', 'read'],
    ['GET', '/apis/apps/v1', 'read'],
    ['GET', '/openapi/v3/apis/apps/v1?hash=AB', 'read'],
    ['GET', '/livez/poststarthook/start-apiextensions-informers?verbose', 'read'],
  ] as const)('%s %s: %s', ([method, path, expected]) => {
    expect(told(method, path, given(method))).toBe(expected);
  });

  test.for([
    ['GET', 'exec?command=ls&stdout=1', 'execute a/pods/x/exec'],
    ['POST', 'exec?command=ls', 'execute a/pods/x/exec'],
    ['GET', 'attach?stdin=true', 'execute opaque a/pods/x/attach'],
    ['GET', 'portforward?ports=80', 'connect a/pods/x/portforward'],
    ['POST', 'portforward', 'connect a/pods/x/portforward'],
  ] as const)('a session is what it does, whatever its method: %s %s', ([method, path, expected]) => {
    expect(told(method, `/api/v1/namespaces/a/pods/x/${path}`, { upgrade: webSocket })).toBe(expected);
  });
});

describe('what never passes, whatever the policy', () => {
  test.for([
    // Proxies.
    ['GET', '/api/v1/nodes/n/proxy'],
    ['GET', '/api/v1/nodes/n/proxy/metrics'],
    ['POST', '/api/v1/nodes/n/proxy/run/a/x/c'],
    ['GET', '/api/v1/namespaces/a/pods/x/proxy'],
    ['GET', '/api/v1/namespaces/a/pods/x/proxy/'],
    ['GET', '/api/v1/namespaces/a/services/s/proxy/admin'],
    ['GET', '/api/v1/proxy/nodes/n'],
    // Watching in the path.
    ['GET', '/api/v1/watch/secrets'],
    ['GET', '/api/v1/watch/namespaces/a/secrets'],
    // Beside resources.
    ['GET', '/'],
    ['GET', '/metrics'],
    ['GET', '/metrics/slis'],
    ['GET', '/logs'],
    ['GET', '/logs/kube-apiserver.log'],
    ['GET', '/debug/pprof/heap'],
    ['GET', '/debug/flags/v'],
    ['GET', '/configz'],
    ['GET', '/statusz'],
    ['GET', '/flagz'],
    ['GET', '/.well-known/openid-configuration'],
    ['GET', '/openid/v1/jwks'],
    ['GET', '/ui'],
    ['GET', '/swagger.json'],
    ['GET', '/openapi'],
    ['GET', '/openapi/v2/x'],
    ['GET', '/openapi/v3/logs'],
    ['GET', '/version/x'],
    ['GET', '/api/v1%2Fsecrets'],
    ['GET', '/API/v1/secrets'],
    ['GET', '/Api/v1/namespaces/a/secrets'],
    ['POST', '/version'],
    ['DELETE', '/healthz'],
    // Methods.
    ['HEAD', '/api/v1/namespaces/a/secrets/s'],
    ['OPTIONS', '/api/v1/pods'],
    ['CONNECT', '/api/v1/namespaces/a/pods/x/exec'],
    ['TRACE', '/api/v1/pods'],
    ['PROPFIND', '/api/v1/pods'],
    // Unknown groups, resources, subresources and verbs.
    ['GET', '/api/v1/Secrets'],
    ['GET', '/api/v1/secret'],
    ['GET', '/api/v1/namespaces/a/podsx'],
    ['GET', '/apis/example.com/v1/widgets'],
    ['GET', '/apis/apps/v1/namespaces/a/secrets/s'],
    ['GET', '/api/v1/namespaces/a/deployments/d'],
    ['GET', '/api/v1/namespaces/a/pods/x/exec2'],
    ['GET', '/api/v1/namespaces/a/pods/x/constructor'],
    ['GET', '/api/v1/namespaces/a/pods/x/__proto__'],
    ['GET', '/api/v1/namespaces/a/secrets/s/status'],
    ['GET', '/api/v1/namespaces/a/serviceaccounts/s/token'],
    ['DELETE', '/api/v1/namespaces/a/pods/x/exec'],
    ['POST', '/api/v1/namespaces/a/pods/x/log'],
    ['DELETE', '/api/v1/namespaces'],
    ['POST', '/apis/metrics.k8s.io/v1beta1/nodes'],
    ['GET', '/apis/authentication.k8s.io/v1/tokenreviews'],
    // Scopes that no server serves.
    ['GET', '/api/v1/namespaces/a/nodes'],
    ['GET', '/api/v1/pods/x'],
    ['POST', '/api/v1/pods'],
    ['DELETE', '/api/v1/pods'],
    ['POST', '/api/v1/namespaces/a/pods/x'],
    ['PUT', '/api/v1/namespaces/a/pods'],
    // More than was understood.
    ['GET', '/api/v1/namespaces/a/namespaces/b'],
    ['GET', '/api/v1/namespaces/a/status/x'],
    ['GET', '/api/v1/namespaces/a/pods/x/log/y'],
    ['GET', '/api/v1/namespaces/A/pods'],
    ['GET', '/api/v1/namespaces/_/pods'],
    ['GET', '/api/v1/namespaces/*/secrets'],
    ['GET', '/api/v1/namespaces/a/secrets/*'],
    ['GET', '/api/v1/namespaces/a/secrets/%2A'],
    ['GET', '/api/v1/namespaces/a%20/pods'],
  ] as const)('%s %s', ([method, path]) => {
    expect(() => told(method, path, given(method))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(denied|operation-unreadable)$/) }),
    );
  });
});

describe('resources of others are refused unless the connection lists them', () => {
  const custom = ['widgets.example.com', 'widgets.example.com/scale'];

  test.for([
    ['GET', '/apis/example.com/v1/namespaces/a/widgets/w', 'read a/widgets.example.com/w'],
    ['GET', '/apis/example.com/v1/widgets', 'read */widgets.example.com/*'],
    ['GET', '/apis/example.com/v1/widgets/w', 'read _/widgets.example.com/w'],
    [
      'GET',
      '/apis/example.com/v1/namespaces/a/widgets?fieldSelector=metadata.name%3Dw',
      'read a/widgets.example.com/*',
    ],
    ['POST', '/apis/example.com/v1/namespaces/a/widgets', 'write a/widgets.example.com/x'],
    ['PATCH', '/apis/example.com/v1/namespaces/a/widgets/w/scale', 'write a/widgets.example.com/w/scale'],
    ['DELETE', '/apis/example.com/v1/namespaces/a/widgets/w', 'delete a/widgets.example.com/w'],
    ['DELETE', '/apis/example.com/v1/widgets', 'delete bulk,unbounded */widgets.example.com/*'],
  ] as const)('listed: %s %s', ([method, path, expected]) => {
    expect(told(method, path, { ...given(method), custom })).toBe(expected);
  });

  test.for([
    '/apis/example.com/v1/namespaces/a/gadgets',
    '/apis/example.com/v1/namespaces/a/widgets/w/status',
    '/apis/other.example.com/v1/namespaces/a/widgets',
    '/api/v1/namespaces/a/widgets',
    '/apis/example.com/v1/namespaces/a/widgets/w/proxy',
  ])('not listed: %s', (path) => {
    expect(() => told('GET', path, { custom })).toThrow(expect.objectContaining({ code: 'denied' }));
  });

  test('a proxy is none that could be listed', () => {
    expect(() =>
      told('GET', '/apis/example.com/v1/namespaces/a/widgets/w/proxy', { custom: ['widgets.example.com/proxy'] }),
    ).toThrow(expect.objectContaining({ code: 'denied' }));
  });

  test('nothing that may be masked is told by what a selector finds', () => {
    expect(() => told('GET', '/apis/example.com/v1/widgets?fieldSelector=spec.ssn%3D1', { custom })).toThrow(
      expect.objectContaining({ code: 'denied' }),
    );
  });
});

test('a Secret holds credentials, whatever is done to it', () => {
  for (const [method, path] of [
    ['GET', '/api/v1/secrets'],
    ['GET', '/api/v1/namespaces/a/secrets/s'],
    ['PATCH', '/api/v1/namespaces/a/secrets/s'],
    ['DELETE', '/api/v1/namespaces/a/secrets/s'],
  ] as const)
    expect(understood(method, path, given(method)).classes).toEqual(['CREDENTIAL']);
});

test.for([
  ['/api/v1/pods?watch=banana', true],
  ['/api/v1/pods', undefined],
  ['/api/v1/namespaces/a/pods/x/log?follow=1', true],
  ['/api/v1/namespaces/a/pods/x/log?follow=false', undefined],
] as const)('%s is live: %s', ([path, live]) => {
  expect(understood('GET', path).live).toBe(live);
});
