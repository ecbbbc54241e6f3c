import { expect, test } from 'vitest';
import { exitStatusOf, groups, rights } from '../../src/doctor/doctor.ts';
import { examined, notOk } from './examined.ts';
import type { Trouble } from './google.ts';
import { project } from './healthy.ts';

const denied: Trouble = {
  status: 403,
  body: { error: { code: 403, status: 'PERMISSION_DENIED', message: 'SECRET-OF-THE-ANSWER' } },
};
const apiIsOff: Trouble = {
  status: 403,
  body: {
    error: {
      code: 403,
      details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'SERVICE_DISABLED' }],
    },
  },
};

test.each<[string, string, Trouble, RegExp, RegExp]>([
  [
    'may not be read by the operator',
    'secretmanager.',
    denied,
    /may not be read by you: it takes secretmanager\./,
    /docs\/doctor\.md/,
  ],
  [
    'is behind an API that is off',
    'cloudkms.',
    apiIsOff,
    /its API is not enabled/,
    /^gcloud services enable cloudkms\.googleapis\.com/,
  ],
  ['is answered by nothing but garbage', 'iam.', 'garbage', /not what Google documents/, /Run it again/],
  ['is answered without end', 'cloudscheduler.', 'huge', /not what Google documents/, /Run it again/],
  [
    'is answered with another shape',
    'monitoring.',
    { status: 200, body: { alertPolicies: 'none' } },
    /not what Google documents/,
    /Run it again/,
  ],
  ['is answered with an error', 'storage.', { status: 500 }, /Google refused the question/, /Run it again/],
  ['is a redirect', 'serviceusage.', { status: 302 }, /Google refused the question/, /Run it again/],
])('what %s is unknown, never well, and nothing is said to be wrong', async (_, place, trouble, says, mend) => {
  const { findings } = await examined(undefined, { troubles: { [place]: trouble } });

  expect(notOk(findings).length).toBeGreaterThan(0);
  for (const { status, what, mend: how } of notOk(findings)) {
    expect(status).toBe('unknown');
    expect(what).toMatch(says);
    expect(how).toMatch(mend);
  }
  expect(exitStatusOf(findings)).toBe(2);
  expect(JSON.stringify(findings)).not.toContain('SECRET-OF-THE-ANSWER');
});

test('what does not answer is unknown by its deadline', async () => {
  const { findings } = await examined(undefined, { troubles: { 'monitoring.': 'hang' }, deadline: 500 });

  expect(findings).toContainEqual({
    ...{ check: 'operations.alerts', group: 'operations', status: 'unknown' },
    ...{ what: 'The alert policies could not be read in time.', mend: 'Run it again in a moment.' },
  });
  expect(exitStatusOf(findings)).toBe(2);
});

test('where the services may not be read, nothing that depends on them is said to be well', async () => {
  const { findings } = await examined(undefined, { troubles: { 'run.': denied } });

  const needing = groups
    .flatMap(({ checks }) => checks)
    .filter((check) => check.rights.includes('run.services.get') && !/^reach|^clock/.test(check.id));
  for (const { id } of needing) {
    const statuses = findings.filter(({ check }) => check === id).map(({ status }) => status);
    expect([id, ...new Set(statuses)]).toEqual([id, 'unknown']);
  }
  expect(exitStatusOf(findings)).toBe(2);
});

test('a service that is not there is a fault, and the others are looked at all the same', async () => {
  const { findings } = await examined((d) => delete (d.services as Record<string, unknown>)['console']);

  expect(notOk(findings).map(({ check, status }) => [check, status])).toEqual([['services.ready', 'fault']]);
});

test('the fault of one service does not hide that another could not be looked at, and a fault outweighs it', async () => {
  const { findings } = await examined((d) => Object.assign(d.passIap[0] ?? {}, { members: ['allUsers'] }), {
    troubles: { 'monitoring.': denied },
  });

  expect(
    notOk(findings)
      .map(({ status }) => status)
      .sort(),
  ).toEqual(['fault', 'unknown']);
  expect(exitStatusOf(findings)).toBe(1);
});

test('no token, and nothing of a secret or a key, is in what is found', async () => {
  const { findings, asked } = await examined((d) => {
    d.secrets['crm-gateway']?.policy[0]?.members.push('allUsers');
    Object.assign(d.keys.approvals.version, { state: 'DISABLED' });
  });

  const text = JSON.stringify(findings);
  expect(text).not.toContain('TOKEN-OF-THE-OPERATOR');
  expect(text).not.toContain('BEGIN PUBLIC KEY');
  expect(asked.filter((place) => place.endsWith(':access'))).toEqual([]);
});

test('all that is asked of Google reads: nothing is changed', async () => {
  const { asked } = await examined();

  const methods = asked.flatMap((place) => /:(\w+)$/.exec(place)?.[1] ?? []);
  expect([...new Set(methods)].sort()).toEqual(['getIamPolicy', 'testIamPermissions']);
});

test('the rights that the operator is said to need are all that are asked for', async () => {
  const { findings } = await examined((d) => d.lacking.push(...rights));

  const lacking = findings.find(({ check }) => check === 'iam.own')?.what ?? '';
  expect(rights.filter((right) => !lacking.includes(right))).toEqual([]);
});

test('each right that a refusal names is among those that the operator is said to need', async () => {
  const apis = [...new Set((await examined()).asked.map((place) => place.split('.')[0] ?? ''))].filter(
    (api) => api !== 'run',
  );
  const named = new Set<string>();
  for (const api of apis) {
    const { findings } = await examined(undefined, { troubles: { [`${api}.googleapis.com`]: denied } });
    for (const { what } of notOk(findings))
      for (const [right] of what.matchAll(/\b[a-z]+\.\w+\.\w+\b/gi)) if (!right.includes(project)) named.add(right);
  }

  expect(
    [...named].filter(
      (right) =>
        !rights.includes(right) &&
        /^(run|iam|bigquery|datastore|secretmanager|cloudkms|iap|monitoring|storage|cloudscheduler|serviceusage|resourcemanager)\.\w+\.\w+$/.test(
          right,
        ),
    ),
  ).toEqual([]);
  expect(named.size).toBeGreaterThan(10);
});
