import { expect, test } from 'vitest';
import { createSeal } from '../../../../src/model/seal.ts';
import { sealBody } from '../../../../src/targets/kubernetes/rules/seal-body.ts';
import { masksOf } from './served.ts';

const planted = 'plantedSecret';
const seal = createSeal('a key for tests');

const sealed = (resource: string, value: unknown, type: 'json' | 'json-patch' = 'json') => {
  const body = { type, contentType: 'application/json', value, text: JSON.stringify(value) };
  return sealBody(body, { secret: resource === 'secrets', hides: masksOf(resource).json, seal });
};

const container = {
  name: 'c',
  args: ['--password', planted, `--token=${planted}`],
  env: [{ name: 'A_KEY', value: planted }],
};

test.each([
  ['secrets', { kind: 'Secret', stringData: { a: planted } }],
  ['configmaps', { data: { password: planted, 'app.properties': `db_password=${planted}`, colour: 'blue' } }],
  ['deployments.apps', { spec: { template: { spec: { containers: [container] } } } }],
  ['widgets.example.com', { spec: { adminPassword: planted, colour: 'blue' } }],
  [
    'pods',
    {
      metadata: {
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ spec: { containers: [container] } }),
        },
      },
    },
  ],
])('the trail holds no secret of a request about %s', (resource, value) => {
  const text = sealed(resource, value);

  expect(text).not.toContain(planted);
  expect(text).toContain('«CREDENTIAL:');
  expect(text.includes('blue')).toBe(JSON.stringify(value).includes('blue'));
});

test.each([
  ['configmaps', '/data/password', planted],
  ['configmaps', '/data', { password: planted }],
  ['deployments.apps', '/spec/template/spec/containers/0/args', ['--password', planted]],
  ['deployments.apps', '/spec/template/spec/containers/-', container],
  ['widgets.example.com', '/spec/adminPassword', planted],
])('nor of a JSON patch of %s at %s', (resource, path, value) => {
  expect(sealed(resource, [{ op: 'add', path, value }], 'json-patch')).not.toContain(planted);
});

test('equal secrets can be told to be equal', () => {
  const [one, other] = [{ data: { password: planted } }, { data: { password: planted } }].map((value) =>
    sealed('configmaps', value),
  );

  expect(one).toBe(other);
  expect(one).not.toBe(sealed('configmaps', { data: { password: 'another' } }));
});
