import { describe, expect, test } from 'vitest';
import { changesBetween } from '../../../../src/targets/kubernetes/judge/changes.ts';
import { settled } from '../../../../src/targets/kubernetes/judge/settled.ts';

describe('what two dry runs of the same come to', () => {
  const aTry = (uid: string, more: object = {}) => ({
    kind: 'Job',
    metadata: { name: 'j', uid, resourceVersion: uid, creationTimestamp: uid, managedFields: [{ time: uid }], ...more },
    spec: { selector: { matchLabels: { 'controller-uid': uid } }, template: {} },
    status: { seen: uid },
  });

  test('is the same, whatever the server numbers, times and draws', () => {
    expect(settled(aTry('one'))).toEqual(settled(aTry('two')));
  });

  test('is the same though the name of a Pod’s token volume is drawn', () => {
    const pod = (drawn: string) => ({
      spec: { volumes: [{ name: drawn }], containers: [{ volumeMounts: [{ name: drawn }] }] },
    });

    expect(settled(pod('kube-api-access-x7k2p'))).toEqual(settled(pod('kube-api-access-bbbbb')));
    expect(settled(pod('kube-api-access'))).not.toEqual(settled(pod('kube-api-access-bbbbb')));
  });

  test('is the same though the name is drawn', () => {
    const drawn = (name: string) => ({ metadata: { generateName: 'web-', name }, spec: { hostname: name } });

    expect(settled(drawn('web-abcde'))).toEqual(settled(drawn('web-fghij')));
    expect(settled(drawn('web-1'))).not.toEqual(settled(drawn('web-2')));
  });

  test('is the same though a Service’s addresses are drawn, and another where it is to have none', () => {
    const service = (clusterIP: string) => ({
      kind: 'Service',
      spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ port: 80, nodePort: clusterIP.length }] },
    });

    expect(settled(service('10.0.0.1'))).toEqual(settled(service('10.0.0.20')));
    expect(settled(service('None'))).not.toEqual(settled(service('10.0.0.1')));
  });

  test('differs in everything that was asked for', () => {
    expect(settled(aTry('one', { labels: { a: 'b' } }))).not.toEqual(settled(aTry('two')));
  });

  test('differs in its status where that is what is written', () => {
    expect(settled(aTry('one'), { isStatus: true })).not.toEqual(
      settled({ ...aTry('one'), status: {} }, { isStatus: true }),
    );
  });
});

describe('a change that an approver is shown', () => {
  const plain = (real: unknown) => ({ real, shown: real });

  test('names what is put, taken away and replaced', () => {
    const before = { spec: { replicas: 2, template: { containers: [{ name: 'c', image: 'a' }] }, paused: true } };
    const after = {
      spec: { replicas: 5, template: { containers: [{ name: 'c', image: 'b' }] } },
      data: { 'a.b': 'x' },
    };

    expect(changesBetween(plain(before), plain(after)).split('\n')).toEqual([
      'spec.replicas: 2 → 5',
      'spec.template.containers[c].image: "a" → "b"',
      '- spec.paused: true',
      '+ data["a.b"]: "x"',
    ]);
  });

  test('of something hidden says that it changes, and not to what', () => {
    const [before, after] = [{ data: { p: 'b2xk' } }, { data: { p: 'bmV3' } }];
    const shown = { data: { p: '[CREDENTIAL]' } };

    expect(changesBetween({ real: before, shown }, { real: after, shown })).toBe(
      'data.p: "[CREDENTIAL]" → another value',
    );
    expect(changesBetween({ real: before, shown: { data: '[CREDENTIAL]' } }, { real: after, shown })).not.toMatch(
      /b2xk|bmV3/,
    );
  });

  test('is cut where nobody would read on, and says so', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, index]));

    const lines = changesBetween(plain(undefined), plain(many)).split('\n');

    expect(lines.length).toBe(61);
    expect(lines.at(-1)).toBe('… and 440 more');
  });
});
