import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { asProblem } from '../../../src/model/problem.ts';
import { anAuthority, anIdentityOf } from '../../fakes/certificates.ts';
import { agentAt, type Closing, rawService } from './service.ts';

const closing: Closing = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const operations = [{ name: 'json', method: 'GET', path: '/json' }];

describe('a service that is where none may be', () => {
  test.each([
    'https://169.254.169.254',
    'https://169.254.169.254:80',
    'https://2852039166',
    'https://0251.0376.0251.0376',
    'https://0xa9fea9fe',
    'https://[::ffff:169.254.169.254]',
    'https://[::ffff:a9fe:a9fe]',
    'https://[64:ff9b::169.254.169.254]',
    'https://[64:ff9b:1::a9fe:a9fe]',
    'https://[fd20:ce::254]',
    'https://[fe80::1]',
    'https://[::]',
    'https://0.0.0.0',
    'https://0',
    'https://224.0.0.1',
    'https://metadata',
    'https://metadata.google.internal',
    'https://METADATA.google.internal.',
    'https://instance-data',
  ])('is not asked, whatever the connection lists: %s', async (origin) => {
    const answered = await (async () =>
      agentAt(origin, closing, { settings: { operations, networks: ['0.0.0.0/0', '::/0'] } }).ask({
        path: '/json',
      }))().catch(asProblem);

    expect(answered).toBeInstanceOf(Error);
    // An origin that is written in another way than it is meant is not even a setting.
    if (asProblem(answered).code !== 'policy-unavailable')
      expect(answered).toMatchObject({ code: 'target-unavailable', reason: 'address-refused' });
  });

  test('is not asked by a name that leads to the gateway itself, unless that is a laptop', async () => {
    const { origin, requests } = await rawService(closing, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    const named = origin.replace('127.0.0.1', 'localhost');
    const on = (allowLoopback: boolean) => agentAt(named, closing, { settings: { operations }, allowLoopback });

    expect(await on(false).ask({ path: '/json' }).catch(asProblem)).toBeInstanceOf(Error);
    expect(requests).toEqual([]);
    expect(await on(true).ask({ path: '/json' }).catch(asProblem)).toMatchObject({ status: 200 });
  });

  test('is not asked over plain http, wherever it is', async () => {
    const at = (origin: string, allowLoopback: boolean) => () =>
      agentAt(origin, closing, { settings: { operations }, allowLoopback });

    expect(at('http://example.com', true)).toThrow(expect.objectContaining({ code: 'policy-unavailable' }));
    await expect(at('http://127.0.0.1:9', false)().ask({ path: '/json' })).rejects.toMatchObject({
      code: expect.stringMatching(/^(policy|target)-unavailable$/),
    });
  });
});

describe('a service that asks for a certificate', () => {
  const authority = anAuthority('services');
  const service = anIdentityOf('service.internal', authority);
  const client = anIdentityOf('sallyport', authority);

  async function agentAtTls(settings: object, secret: unknown) {
    const seen: unknown[] = [];
    const server = createServer(
      { ...service, ca: authority.pem, requestCert: true, rejectUnauthorized: true },
      (request, response) => {
        seen.push((request.socket as TLSSocket).getPeerCertificate().subject.CN, request.headers.authorization);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      },
    );
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      server.close();
      server.closeAllConnections();
    });
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { seen, ...agentAt(origin, closing, { settings: { operations, ...settings }, secret }) };
  }

  test('gets the one that the connection holds, and nothing else', async () => {
    const { ask, seen } = await agentAtTls(
      { inject: 'mtls', ca: authority.pem, server_name: 'service.internal' },
      { client_certificate: client.cert, client_key: client.key },
    );

    expect(await ask({ path: '/json' })).toMatchObject({ status: 200 });
    expect(seen).toEqual(['sallyport', undefined]);
  });

  test.each([
    ['is vouched for by nobody that the connection names', { inject: 'mtls', server_name: 'service.internal' }],
    ['has another name', { inject: 'mtls', ca: authority.pem, server_name: 'other.internal' }],
    ['is not given one', { inject: 'bearer', ca: authority.pem, server_name: 'service.internal' }],
  ])('and %s is not asked', async (_, settings) => {
    const { ask, seen } = await agentAtTls(settings, {
      ...{ client_certificate: client.cert, client_key: client.key, token: 'a-token-of-ours' },
    });

    expect(await ask({ path: '/json' }).catch(asProblem)).toMatchObject({ code: 'target-unavailable' });
    expect(seen).toEqual([]);
  });
});
