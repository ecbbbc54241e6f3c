import { describe, expect, test } from 'vitest';
import { understood, webSocket } from './understood.ts';

const pods = '/api/v1/namespaces/a/pods';
const apply = { body: { kind: 'Pod' }, headers: { 'content-type': 'application/apply-patch+yaml' } };

describe('a query is sent as it was judged', () => {
  test.for([
    [`${pods}?watch=banana`, `${pods}?watch=true`],
    [`${pods}?watch`, `${pods}?watch=true`],
    [`${pods}?watch=FALSE`, `${pods}?watch=false`],
    [`${pods}?limit=500&continue=abc%3D`, `${pods}?limit=500&continue=abc%3D`],
    [`${pods}?labelSelector=app+in+(a,b)`, `${pods}?labelSelector=app%20in%20%28a%2Cb%29`],
    [`${pods}/x?resourceVersion=5`, `${pods}/x?resourceVersion=5`],
    [`${pods}/x/log?follow&tailLines=-1`, `${pods}/x/log?follow=true&tailLines=-1`],
    ['/healthz?verbose&exclude=etcd&exclude=x', '/healthz?verbose=&exclude=etcd&exclude=x'],
  ] as const)('%s becomes %s', ([path, sent]) => {
    expect(understood('GET', path).plan.path).toBe(sent);
  });
});

describe('a parameter that is not known, stands twice or is of another kind is refused', () => {
  test.for([
    `${pods}?watch=false&watch=true`,
    `${pods}?%77atch=1&watch=0`,
    `${pods}?Watch=1`,
    `${pods}?limit=5&limit=6`,
    `${pods}?limit=abc`,
    `${pods}?limit=1e3`,
    `${pods}?timeoutSeconds=0x10`,
    `${pods}?export=true`,
    `${pods}?access_token=x`,
    `${pods}?token=x`,
    `${pods}?__proto__=x`,
    `${pods}?constructor=x`,
    `${pods}?fieldSelector=foo`,
    `${pods}?fieldSelector=a%3Db%5Cc`,
    `${pods}?dryRun=All`,
    `${pods}?command=ls`,
    `${pods}/x?watch=1`,
    `${pods}/x?export=1`,
    `${pods}/x?fieldSelector=metadata.name%3Dy`,
    `${pods}/x/log?insecureSkipTLSVerifyBackend=true`,
    `${pods}/x/log?command=ls`,
    '/version?watch=1',
    '/openapi/v2?timeout=1s&timeout=2s',
  ])('GET %s', (path) => {
    expect(() => understood('GET', path)).toThrow(
      expect.objectContaining({ code: 'operation-unreadable', reason: 'kubernetes:query' }),
    );
  });

  test.for(['dryRun=None', 'dryRun=', 'dryRun=All&dryRun=All', 'force=1&force=0', 'watch=1', 'overwrite=1'])(
    'PATCH with %s',
    (query) => {
      expect(() => understood('PATCH', `${pods}/x?${query}`, apply)).toThrow(
        expect.objectContaining({ reason: 'kubernetes:query' }),
      );
    },
  );

  test('the detail names what may be written', () => {
    expect(() => understood('DELETE', `${pods}/x?now=1`)).toThrow(
      expect.objectContaining({ detail: expect.stringContaining('gracePeriodSeconds') }),
    );
  });

  test('a session knows its own parameters only', () => {
    expect(() => understood('GET', `${pods}/x/attach?command=ls`, { upgrade: webSocket })).toThrow();
    expect(() => understood('GET', `${pods}/x/portforward?container=c`, { upgrade: webSocket })).toThrow();
  });
});
