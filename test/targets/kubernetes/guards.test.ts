import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type PolicySet, policySchema } from '../../../src/model/documents.ts';
import { decide } from '../../../src/policy/policy.ts';
import { aPolicySet, aQuestion, type RawPolicy } from '../../policy/questions.ts';
import { understood, webSocket } from './understood.ts';

const folder = new URL('../../../policies/built-in/', import.meta.url);
const guards: PolicySet['policies'] = new Map(
  readdirSync(folder).map((file) => [
    file.replace(/\.yaml$/, ''),
    policySchema.parse(parse(readFileSync(new URL(file, folder), 'utf8'))),
  ]),
);

type Asked = [method: string, path: string, given?: Parameters<typeof understood>[2]];

type Policies = Record<string, RawPolicy>;

function decided(policies: Policies, [method, path, given]: Asked) {
  const set = aPolicySet({ policies });
  const policySet = { ...set, policies: new Map([...set.policies, ...guards]) };
  return decide(
    aQuestion(policySet, { connection: { kind: 'kubernetes' }, operation: understood(method, path, given) }),
  );
}

const patch = (type: string) => ({ body: {}, headers: { 'content-type': `application/${type}` } });
const body = { metadata: { name: 'x' } };
const pods = '/api/v1/namespaces/team-a/pods';
const everything: Policies = { everything: { verbs: ['*'] } };

describe('with the built-in guards a human is asked in Kubernetes', () => {
  test.for<[string, Asked, string]>([
    ['to delete', ['DELETE', `${pods}/x`], 'guard-kubernetes-changes'],
    ['to delete all', ['DELETE', pods], 'guard-kubernetes-changes'],
    ['to evict', ['POST', `${pods}/x/eviction`, { body }], 'guard-kubernetes-changes'],
    [
      'to scale',
      ['PATCH', '/apis/apps/v1/namespaces/a/deployments/d/scale', patch('merge-patch+json')],
      'guard-kubernetes-changes',
    ],
    ['to apply', ['PATCH', `${pods}/x?fieldManager=kubectl`, patch('apply-patch+yaml')], 'guard-kubernetes-changes'],
    ['to create', ['POST', pods, { body }], 'guard-kubernetes-changes'],
    ['to exec', ['GET', `${pods}/x/exec?command=ls`, { upgrade: webSocket }], 'guard-execute'],
    ['to attach', ['GET', `${pods}/x/attach`, { upgrade: webSocket }], 'guard-execute'],
    ['to debug', ['PATCH', `${pods}/x/ephemeralcontainers`, patch('strategic-merge-patch+json')], 'guard-execute'],
    ['to change RBAC', ['POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', { body }], 'guard-grant'],
    ['for a token', ['POST', '/api/v1/namespaces/a/serviceaccounts/s/token', { body }], 'guard-grant'],
    [
      'to sign a certificate',
      ['PUT', '/apis/certificates.k8s.io/v1/certificatesigningrequests/c/approval', { body }],
      'guard-grant',
    ],
    [
      'to hook into the API',
      ['POST', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', { body }],
      'guard-define',
    ],
    ['to drain a node', ['PATCH', '/api/v1/nodes/n', patch('strategic-merge-patch+json')], 'guard-administer'],
    ['to delete a namespace', ['DELETE', '/api/v1/namespaces/a'], 'guard-risks'],
  ])('%s', ([, asked, guard]) => {
    const decision = decided(everything, asked);

    expect(decision.effect).toBe('allow');
    expect(decision.approvals.map(({ policy }) => policy)).toContain(guard);
  });

  test.for<Asked>([
    ['GET', pods],
    ['GET', '/api/v1/secrets'],
    ['GET', `${pods}/x/log?follow=1`],
    ['GET', '/version'],
    ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { body: {} }],
    ['GET', `${pods}/x/portforward`, { upgrade: webSocket }],
  ])('but not for %s %s', (asked) => {
    expect(decided(everything, asked).approvals).toEqual([]);
  });
});

describe('a policy speaks of namespaces, resources and names', () => {
  const teamA: Policies = { teamA: { verbs: ['read', 'delete'], resources: ['team-a/*'] } };
  const noSecrets: Policies = { noSecrets: { verbs: ['*'], effect: 'deny', resources: ['*/secrets/*'] } };

  test.for<[Asked, 'allow' | 'deny']>([
    [['GET', pods], 'allow'],
    [['GET', `${pods}/x/log`], 'allow'],
    [['GET', '/api/v1/pods'], 'deny'],
    [['GET', '/api/v1/namespaces/team-b/pods'], 'deny'],
    [['GET', '/api/v1/namespaces/team-a'], 'deny'],
    [['GET', '/api/v1/nodes'], 'deny'],
    [['POST', pods, { body }], 'deny'],
    [['GET', '/apis/apps/v1'], 'allow'],
    [['DELETE', '/api/v1/namespaces/team-a'], 'deny'],
  ])('a grant for one namespace: %j', ([asked, effect]) => {
    expect(decided(teamA, asked).effect).toBe(effect);
  });

  test.for<[Asked, 'allow' | 'deny']>([
    [['GET', '/api/v1/namespaces/team-a/secrets/s'], 'deny'],
    [['GET', '/api/v1/namespaces/team-b/secrets'], 'deny'],
    [['GET', '/api/v1/secrets?watch=banana'], 'deny'],
    [['PATCH', '/api/v1/namespaces/team-a/secrets/s', patch('merge-patch+json')], 'deny'],
    [['DELETE', '/api/v1/namespaces/team-a/secrets'], 'deny'],
    [['DELETE', '/api/v1/namespaces/team-a'], 'deny'],
    [['GET', pods], 'allow'],
    [['GET', '/api/v1/configmaps'], 'allow'],
    [['GET', '/apis'], 'allow'],
  ])('a deny of Secrets: %j', ([asked, effect]) => {
    expect(decided({ ...everything, ...noSecrets }, asked).effect).toBe(effect);
  });

  test('a deny of one Secret denies whatever list it may be in', () => {
    const one: Policies = { one: { verbs: ['*'], effect: 'deny', resources: ['team-a/secrets/db'] } };
    const effect = (path: string) => decided({ ...everything, ...one }, ['GET', path]).effect;

    expect(effect('/api/v1/secrets')).toBe('deny');
    expect(effect('/api/v1/namespaces/team-a/secrets')).toBe('deny');
    expect(effect('/api/v1/namespaces/team-a/secrets/db')).toBe('deny');
    expect(effect('/api/v1/namespaces/team-a/secrets/other')).toBe('allow');
    expect(effect('/api/v1/namespaces/team-b/secrets')).toBe('allow');
  });
});
