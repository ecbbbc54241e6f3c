import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { mint, request, run, stand } from './stand.ts';

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const [header = '', payload = '', signature = ''] = stand.tokens.bot.split('.');
const head: Record<string, unknown> = JSON.parse(Buffer.from(header, 'base64url').toString());
const claims: Record<string, unknown> = JSON.parse(Buffer.from(payload, 'base64url').toString());
const own = generateKeyPairSync('rsa', { modulusLength: 2048 });

function signed(changedHead: object, changedClaims: object) {
  const text = `${encode(changedHead)}.${encode(changedClaims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), own.privateKey).toString('base64url')}`;
}

async function publicPem() {
  const response = await fetch(`${stand.issuer}/.well-known/jwks.json`);
  const { keys }: { keys: (Record<string, unknown> & { kid: string; kty: string })[] } = JSON.parse(
    await response.text(),
  );
  const key = keys.find(({ kid }) => kid === head['kid']) ?? {};
  return createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
}

test('no forged token opens the door, and none makes the gateway stumble', async () => {
  const hs = `${encode({ ...head, alg: 'HS256' })}.${payload}`;
  const forged = [
    '',
    'x',
    'a.b.c',
    `${header}.${payload}.`,
    `${header}.${payload}`,
    `${header}.${payload}.${signature}.${signature}`,
    `${header}.${payload}.SIGNATURE_REMOVED_BY_GOOGLE`,
    `${encode({ ...head, alg: 'none' })}.${payload}.`,
    `${encode({ ...head, alg: 'None' })}.${payload}.${signature}`,
    `${hs}.${createHmac('sha256', await publicPem())
      .update(hs)
      .digest('base64url')}`,
    `${header}.${encode({ ...claims, sub: 'root' })}.${signature}`,
    signed(head, claims),
    signed({ ...head, kid: '../../etc/passwd' }, claims),
    signed({ ...head, jwk: own.publicKey.export({ format: 'jwk' }) }, claims),
    signed({ ...head, jku: 'http://127.0.0.1:1/keys' }, claims),
    signed({ ...head, crit: ['exp'] }, claims),
    `${header}=.${payload}.${signature}`,
    `${header}.${payload}.${signature}=`,
    ...(await Promise.all([
      mint({ sub: '1', kind: 'agent', aud: 'https://somebody.else' }),
      mint({ sub: '1', kind: 'agent', expires_in: -3600 }),
      mint({ sub: '1', kind: 'agent', claims: { exp: '9999999999' } }),
      mint({ sub: '1', kind: 'agent', claims: { iat: 4_000_000_000 } }),
      mint({ sub: '1', kind: 'agent', claims: { iss: 'https://accounts.google.com' } }),
      mint({ sub: '1', kind: 'agent', claims: { aud: [stand.audience, 'https://somebody.else'] } }),
      mint({ sub: '1', kind: 'agent', claims: { nbf: 4_000_000_000 } }),
      mint({ sub: '', kind: 'agent', claims: { sub: '' } }).catch(() => 'refused'),
    ])),
  ];

  for (const token of forged) {
    const answer = await run('select 1', [], { token });
    expect(answer.body, token).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(answer.body['detail']).toBeUndefined();
  }
});

test('a verified token of somebody whom no policy names reaches nothing', async () => {
  const token = await mint({
    sub: '31337',
    email: 'who@elsewhere.iam.gserviceaccount.com',
    email_verified: true,
    kind: 'agent',
  });

  const listed = await request('GET', `${stand.gateway}/v1/connections`, { token });
  const tried = await run('select 1', [], { token });

  expect(listed.body).toEqual({ connections: [] });
  expect(tried).toMatchObject({ status: 404, body: { code: 'not-found' } });
});

test('malformed bodies are refused by name and never as a fault of ours', async () => {
  const bodies = [
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '1e999',
    '{"statement":1}',
    '{"statement":null}',
    '{"statement":"select 1","parameters":{}}',
    '{"statement":"select $1","parameters":[{}]}',
    '{"statement":"select 1","limits":{"rows":-1}}',
    '{"statement":"select 1","limits":{"rows":1e400}}',
    '{"statement":"a\\u0000b"}',
    '{"statement":"\\ud800"}',
    '{"statement":""}',
    '{"statement":"  "}',
    '{"statement":"select 1","statement":2}',
    '{"__proto__":{},"statement":"select 1"}',
    '{"constructor":1,"statement":"select 1"}',
    '{"statement":"select 1","reason":7}',
    '{"statement":"select 1","agent":[]}',
    '\ufeff{"statement":"select 1"}',
    `{"statement":"${'('.repeat(5000)}"}`,
    `{"statement":"select ${'1+'.repeat(20000)}1"}`,
    '{"statement":"select 1","parameters":["x"]}',
    '{"statement":"select $1::int","parameters":["x"]}',
    '{"statement":"select $1"}',
  ];

  for (const body of bodies) {
    const response = await fetch(`${stand.gateway}/v1/connections/crm/operations`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${stand.tokens.bot}`, 'Content-Type': 'application/json' },
      body,
    });
    const { status, code } = JSON.parse(await response.text());
    expect([400, 403, 422], `${body.slice(0, 80)} → ${status} ${code}`).toContain(response.status);
  }
});
