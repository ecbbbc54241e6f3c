import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Problem } from '../../src/model/problem.ts';
import { acceptWebSocket, type WebSocketChannel } from '../../src/platform/web-socket.ts';
import { createProxy, type Place, Refused } from '../../src/proxy/proxy.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<Place> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { origin: new URL(`http://127.0.0.1:${port}`), networks: [] };
}

/** A server that says nothing of HTTP that it was not told to, and keeps what it was sent. */
async function rawServer(reply: string | ((socket: Socket) => void)) {
  const received: string[] = [];
  const server = createTcpServer((socket) => {
    closing.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('data', (data) => {
      received.push(data.toString('latin1'));
      if (typeof reply === 'string') socket.end(reply);
      else reply(socket);
    });
  });
  return { place: await listening(server), received };
}

function aProxy(allowLoopback = true) {
  const proxy = createProxy({ allowLoopback });
  closing.push(proxy.close);
  return proxy;
}

const aRequest = {
  method: 'GET',
  path: '/',
  headers: [],
  body: new Uint8Array(),
  signal: new AbortController().signal,
} as const;

async function textOf(body: AsyncIterable<Uint8Array>) {
  let text = '';
  for await (const chunk of body) text += Buffer.from(chunk).toString();
  return text;
}

describe('a request', () => {
  test('reaches the target byte for byte as it was judged, and nothing is added but what HTTP needs', async () => {
    const { place, received } = await rawServer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');

    const headers = [
      ['accept', 'application/json'],
      ['x-a', '1'],
    ] as const;
    const answer = await aProxy().request(place, { ...aRequest, path: '/a%2Fb/%73ecret?x=%20&y', headers });

    expect(await textOf(answer.body)).toBe('ok');
    expect(received[0]?.split('\r\n')).toEqual([
      'GET /a%2Fb/%73ecret?x=%20&y HTTP/1.1',
      `host: ${place.origin.host}`,
      'connection: keep-alive',
      'accept: application/json',
      'x-a: 1',
      '',
      '',
    ]);
  });

  test('is answered with a redirect where the target redirects: nothing is followed', async () => {
    const { place, received } = await rawServer(
      'HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n',
    );

    const answer = await aProxy().request(place, aRequest);

    expect(answer.status).toBe(302);
    expect(received).toHaveLength(1);
  });

  test('is never repeated when the target breaks off', async () => {
    const { place, received } = await rawServer((socket) => socket.destroy());

    const answer = aProxy().request(place, { ...aRequest, method: 'POST', body: Buffer.from('x') });

    await expect(answer).rejects.toMatchObject({ code: 'target-unavailable' });
    expect(received).toHaveLength(1);
  });

  test('throws in the middle when the answer breaks off, so that half of it is never taken for all', async () => {
    const { place } = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      setTimeout(() => socket.destroy(), 20);
    });

    const { body } = await aProxy().request(place, aRequest);

    await expect(textOf(body)).rejects.toMatchObject({ code: 'target-unavailable' });
  });

  test('two answers of one header stay two', async () => {
    const { place } = await rawServer('HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n');

    const { headers } = await aProxy().request(place, aRequest);

    expect(headers.filter(([name]) => name === 'set-cookie')).toEqual([
      ['set-cookie', 'a'],
      ['set-cookie', 'b'],
    ]);
  });

  test('ends as its signal says: by the clock, by the caller, or by a problem', async () => {
    const { place } = await rawServer(() => undefined);
    const revoked = new AbortController();
    setTimeout(() => revoked.abort(new Problem('denied', { reason: 'revoked' })), 10);
    const gone = new AbortController();
    setTimeout(() => gone.abort(), 10);

    const ends = [AbortSignal.timeout(10), gone.signal, revoked.signal].map((signal) =>
      aProxy()
        .request(place, { ...aRequest, signal })
        .catch((thrown: Problem) => thrown.code),
    );

    expect(await Promise.all(ends)).toEqual(['target-timeout', 'timeout', 'denied']);
  });

  test('is not sent at all when its signal is over', async () => {
    const { place, received } = await rawServer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');

    await expect(aProxy().request(place, { ...aRequest, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'timeout',
    });

    expect(received).toEqual([]);
  });

  test('is refused where the target is the gateway itself, a metadata server, or speaks plain http', async () => {
    const { place, received } = await rawServer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    const refusals = [
      [aProxy(false), place],
      [aProxy(), { ...place, origin: new URL('http://169.254.169.254') }],
      [aProxy(), { ...place, origin: new URL('https://metadata.google.internal') }],
      [aProxy(), { ...place, origin: new URL('http://example.com') }],
    ] as const;

    for (const [proxy, at] of refusals) {
      await expect((async () => proxy.request(at, aRequest))()).rejects.toBeInstanceOf(Problem);
    }
    expect(received).toEqual([]);
  });

  test('is refused where a name leads to the gateway itself', async () => {
    const { place, received } = await rawServer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    const origin = new URL(`https://localhost:${place.origin.port}`);

    const answer = (async () => aProxy(false).request({ ...place, origin }, aRequest))();

    await expect(answer).rejects.toMatchObject({ code: 'target-unavailable', reason: 'address-refused' });
    expect(received).toEqual([]);
  });
});

describe('a WebSocket', () => {
  async function echo(choose: (request: IncomingMessage) => string) {
    const server = createServer();
    const seen: { url: string | undefined; headers: readonly string[]; channel?: WebSocketChannel }[] = [];
    server.on('upgrade', async (request, socket, head) => {
      const visit: (typeof seen)[number] = { url: request.url, headers: request.rawHeaders };
      seen.push(visit);
      const channel = await acceptWebSocket({ request, socket, head }, choose(request));
      visit.channel = channel;
      for await (const message of channel.messages) await channel.send(message);
    });
    return { place: await listening(server), seen };
  }

  test('carries messages both ways under a subprotocol that is no token', async () => {
    const protocol = 'SPDY/3.1+portforward.k8s.io';
    const { place, seen } = await echo(() => protocol);

    const channel = await aProxy().dial(place, { ...aRequest, path: '/a%2Fb?x=%20', protocols: [protocol] });
    await channel.send(Buffer.from([1, 2, 3]));
    const { value } = await channel.messages[Symbol.asyncIterator]().next();
    channel.close();

    expect(channel.protocol).toBe(protocol);
    expect([...value]).toEqual([1, 2, 3]);
    expect(seen[0]?.url).toBe('/a%2Fb?x=%20');
  });

  test('is asked for with every header that is to be sent, also those of one name', async () => {
    const { place, seen } = await echo(() => 'p');
    const headers = [
      ['impersonate-group', 'a'],
      ['impersonate-group', 'b'],
    ] as const;

    const channel = await aProxy().dial(place, { ...aRequest, headers, protocols: ['p'] });
    channel.close();

    const sent = seen[0]?.headers ?? [];
    expect(sent.filter((_, index) => sent[index - 1] === 'impersonate-group')).toEqual(['a', 'b']);
  });

  test('is not opened under a subprotocol that was not offered', async () => {
    const { place } = await echo(() => 'other');

    await expect(aProxy().dial(place, { ...aRequest, protocols: ['v5.channel.k8s.io'] })).rejects.toMatchObject({
      code: 'target-unavailable',
    });
  });

  test('throws the answer of a target that does not switch', async () => {
    const { place } = await rawServer(
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nno',
    );

    const refused = await aProxy()
      .dial(place, { ...aRequest, protocols: ['v5.channel.k8s.io'] })
      .catch((thrown: unknown) => thrown);

    expect(refused).toBeInstanceOf(Refused);
    expect(refused).toMatchObject({ status: 403, body: Buffer.from('no') });
  });

  test('lets a fast side wait for a slow one: what is not read is not taken in', async () => {
    const { place, seen } = await echo(() => 'p');
    const channel = await aProxy().dial(place, { ...aRequest, protocols: ['p'] });
    const megabyte = Buffer.alloc(1024 * 1024);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 64; sent++) await channel.send(megabyte);
    })();

    await new Promise((resolve) => setTimeout(resolve, 300));
    const stalledAt = sent;
    let received = 0;
    for await (const message of channel.messages) {
      received += message.byteLength;
      if (received === 64 * megabyte.byteLength) break;
    }
    await sending;

    expect(stalledAt).toBeLessThan(48);
    expect(seen).toHaveLength(1);
  });

  test('ends when the signal aborts before it is open', async () => {
    const { place } = await rawServer(() => undefined);

    const dialled = aProxy().dial(place, { ...aRequest, protocols: ['p'], signal: AbortSignal.timeout(20) });

    await expect(dialled).rejects.toMatchObject({ code: 'target-timeout' });
  });
});
