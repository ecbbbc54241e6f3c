import { describe, expect, test } from 'vitest';
import { understood, webSocket } from './understood.ts';

const pods = '/api/v1/namespaces/a/pods';

describe('a header that would change who asks, or what, is refused and not stripped', () => {
  test.for([
    'Impersonate-User',
    'impersonate-group',
    'IMPERSONATE-UID',
    'Impersonate-Extra-Scopes',
    'X-Remote-User',
    'X-Remote-Group',
    'x-remote-extra-acme',
    'X-HTTP-Method-Override',
    'X-HTTP-Method',
    'X-Method-Override',
    'X-Original-URL',
    'X-Rewrite-URL',
    'Cookie',
    'Proxy-Authorization',
  ])('%s', (name) => {
    expect(() => understood('GET', pods, { headers: { [name]: 'x' } })).toThrow(
      expect.objectContaining({ code: 'denied', reason: 'kubernetes:header' }),
    );
    expect(() => understood('GET', '/version', { headers: { [name]: 'x' } })).toThrow(
      expect.objectContaining({ code: 'denied' }),
    );
  });
});

test('no other header of the caller reaches the server', () => {
  const headers = {
    Authorization: 'Bearer t',
    'User-Agent': 'kubectl/v1.33',
    'Kubectl-Command': 'kubectl get',
    'X-Forwarded-For': '10.0.0.1',
    Range: 'bytes=0-1',
    'Accept-Encoding': 'gzip',
    'If-None-Match': '"x"',
  };

  expect(understood('GET', pods, { headers }).plan.headers).toEqual([]);
  expect(understood('GET', '/openapi/v3', { headers }).plan.headers).toEqual([['if-none-match', '"x"']]);
});

describe('what is asked for is JSON that can be masked, in the order of the caller', () => {
  test.for([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/json', 'application/json'],
    ['application/vnd.kubernetes.protobuf,application/json', 'application/json'],
    ['application/vnd.kubernetes.protobuf, */*', 'application/json'],
    ['application/cbor;q=0.9, application/json;q=0.1', 'application/json'],
    [
      'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
      'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
    ],
    [
      'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
      'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json',
    ],
    ['application/json;as=Secret;v=v1;g=core, application/json', 'application/json'],
    ['application/json;as=Table;v=v1;g=evil.example, application/json', 'application/json'],
    ['application/json;as=Table;v=v9;g=meta.k8s.io, */*', 'application/json'],
    ['application/json;as=toString;v=v1;g=meta.k8s.io, */*', 'application/json'],
    [
      'application/json;q=0.1, application/json;as=Table;g=meta.k8s.io;v=v1;q=0.9',
      'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    ],
  ] as const)('%s becomes %s', ([accept, expected]) => {
    const headers = accept === undefined ? {} : { accept };

    expect(understood('GET', pods, { headers }).plan.accept).toBe(expected);
  });

  test.for([
    'application/vnd.kubernetes.protobuf',
    'application/yaml',
    'text/html',
    'application/json;q=0',
    'application/cbor',
  ])('whoever takes only %s is refused', (accept) => {
    expect(() => understood('GET', pods, { headers: { accept } })).toThrow(
      expect.objectContaining({ code: 'operation-unreadable' }),
    );
  });

  test('a watch is a Table for Kubernetes’ own kinds alone: of others only the first event says which column is secret', () => {
    const kubectl =
      'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
    const asked = { headers: { accept: kubectl }, custom: ['widgets.example.com'] };
    const widgets = '/apis/example.com/v1/namespaces/a/widgets';

    expect(understood('GET', `${pods}?watch=true`, asked).plan.accept).toBe(kubectl);
    expect(understood('GET', widgets, asked).plan.accept).toBe(kubectl);
    expect(understood('GET', `${widgets}?watch=true`, asked).plan.accept).toBe('application/json');
    const alone = { ...asked, headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } };
    expect(() => understood('GET', `${widgets}?watch=true`, alone)).toThrow(
      expect.objectContaining({ code: 'operation-unreadable' }),
    );
  });

  test('what a server serves may be asked for as kubectl does', () => {
    const discovery = 'application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io';
    const openapi = 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf';

    expect(understood('GET', '/apis', { headers: { accept: `${discovery},application/json` } }).plan.accept).toBe(
      `${discovery},application/json`,
    );
    expect(understood('GET', '/openapi/v3/apis/apps/v1', { headers: { accept: openapi } }).plan.accept).toBe(openapi);
    expect(() => understood('GET', pods, { headers: { accept: openapi } })).toThrow();
  });
});

describe('only sessions with pods are upgraded', () => {
  test.for([
    '/api/v1/namespaces/a/secrets?watch=1',
    '/api/v1/secrets',
    '/version',
    `${pods}/x/log?follow=1`,
    `${pods}/x`,
  ])('not %s', (path) => {
    expect(() => understood('GET', path, { upgrade: webSocket })).toThrow(
      expect.objectContaining({ code: 'denied', reason: 'kubernetes:upgrade' }),
    );
  });

  test('a session without an upgrade is refused', () => {
    expect(() => understood('POST', `${pods}/x/exec?command=ls`)).toThrow(
      expect.objectContaining({ code: 'operation-unreadable' }),
    );
  });

  test('a token in a subprotocol is refused, which the server would take for another caller', () => {
    const protocols = ['v5.channel.k8s.io', 'base64url.bearer.authorization.k8s.io.dG9rZW4'];

    expect(() => understood('GET', `${pods}/x/exec`, { upgrade: { to: 'websocket', protocols } })).toThrow(
      expect.objectContaining({ code: 'denied' }),
    );
  });

  test('what is to be run stands in the plan and in what is approved', () => {
    const { plan, statement, live } = understood(
      'GET',
      `${pods}/x/exec?command=sh&command=-c&command=ls+%2F%0A&stdin=`,
      {
        upgrade: webSocket,
      },
    );

    expect(plan.query).toEqual([
      ['command', 'sh'],
      ['command', '-c'],
      ['command', 'ls /\n'],
      ['stdin', 'true'],
    ]);
    expect(plan.answer).toBe('session');
    expect(statement.split('\n')[0]).toBe(`GET ${pods}/x/exec?command=sh&command=-c&command=ls%20%2F%0A&stdin=true`);
    expect(live).toBe(true);
  });
});
