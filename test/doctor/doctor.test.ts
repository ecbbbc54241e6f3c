import { expect, test } from 'vitest';
import { examined, notOk } from './examined.ts';
import { type Deployment, project } from './healthy.ts';

test('a healthy deployment: every check holds, and nothing was asked that Google does not document', async () => {
  const { findings, strange } = await examined();

  expect(notOk(findings)).toEqual([]);
  expect(findings.length).toBeGreaterThan(10);
  expect(strange).toEqual([]);
});

type Fault = [what: string, change: (deployment: Deployment) => void, check: string, says: RegExp, mend: RegExp];

const faults: Fault[] = [
  [
    'an API is off',
    (d) => void d.apis.splice(d.apis.indexOf('cloudkms.googleapis.com'), 1),
    'apis.enabled',
    /^cloudkms\.googleapis\.com is not enabled\.$/,
    new RegExp(`^gcloud services enable cloudkms\\.googleapis\\.com --project=${project}$`),
  ],
  [
    'the gateway is not ready',
    (d) => {
      d.services.gateway.service.terminalCondition.state = 'CONDITION_FAILED';
    },
    'services.ready',
    /^sallyport-gateway is not ready\.$/,
    /gcloud run services logs read sallyport-gateway/,
  ],
];

test.each(faults)('%s: that alone is found, with what to do about it', async (_, change, check, says, mend) => {
  const { findings, strange } = await examined(change);

  expect(notOk(findings)).toEqual([
    {
      check,
      group: check.split('.')[0],
      status: 'fault',
      what: expect.stringMatching(says),
      mend: expect.stringMatching(mend),
    },
  ]);
  expect(strange).toEqual([]);
});
