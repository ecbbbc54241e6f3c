import { describe, expect, test } from 'vitest';
import { settingsSchema } from '../../../src/targets/kubernetes/settings.ts';

const parse = (settings: Record<string, unknown>) =>
  settingsSchema.safeParse({ server: 'https://k.example', ...settings });

describe('a cluster is reached over TLS', () => {
  test.for([
    'https://10.0.0.1',
    'https://k.example:6443',
    'https://k.example/',
    'http://127.0.0.1:8001',
    'http://[::1]:1',
  ])('at %s', (server) => {
    expect(parse({ server }).success).toBe(true);
  });

  test.for([
    'http://k.example',
    'http://10.0.0.1',
    'http://127.0.0.1.evil.example',
    'https://k.example/k8s/clusters/c',
    'https://user:secret@k.example',
    'https://k.example?x',
    'https://k.example/#x',
    'ftp://k.example',
    'k.example',
    'https://',
  ])('never at %s', (server) => {
    expect(parse({ server }).success).toBe(false);
  });
});

test('what is not known is an error', () => {
  expect(parse({ insecure: true }).success).toBe(false);
  expect(parse({ impersonate: 'caller' }).success).toBe(false);
  expect(parse({ networks: ['10.0.0.0'] }).success).toBe(false);
});

test.for<[string, boolean]>([
  ['widgets.example.com', true],
  ['widgets.example.com/scale', true],
  ['virtualservices.networking.istio.io', true],
  ['widgets', false],
  ['*.example.com', false],
  ['widgets.example.com/scale/x', false],
  ['Widgets.example.com', false],
  ['widgets.example.com/', false],
])('custom resources are listed one by one: %s', ([resource, isOne]) => {
  expect(parse({ custom_resources: [resource] }).success).toBe(isOne);
});
