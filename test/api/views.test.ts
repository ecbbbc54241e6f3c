import { expect, test } from 'vitest';
import { connectionView } from '../../src/api/views.ts';
import { connectionSchema } from '../../src/model/documents.ts';

test('an agent is told how each class of a connection is masked, but for those it may see', () => {
  const document = connectionSchema.parse({
    kind: 'postgres',
    settings: {},
    credential: { secret: 'projects/p/secrets/crm' },
  });
  const columns = new Map([
    ['email', 'EMAIL_ADDRESS'],
    ['ssn', 'US_SOCIAL_SECURITY_NUMBER'],
    ['phone', 'PHONE_NUMBER'],
  ]);
  const connection = {
    name: 'crm',
    version: 'v1',
    document,
    classification: new Map([['public.users', columns]]),
    transforms: new Map([['EMAIL_ADDRESS', 'token']] as const),
  };
  const reach = { verbs: ['read'], unmask: ['PHONE_NUMBER'], limits: {}, approvals: [] } as const;

  const { masks } = connectionView({ connection, reach }, undefined);

  expect(masks).toEqual([
    { resource: 'public.users.email', class: 'EMAIL_ADDRESS', transform: 'token' },
    { resource: 'public.users.ssn', class: 'US_SOCIAL_SECURITY_NUMBER', transform: 'redact' },
  ]);
});
