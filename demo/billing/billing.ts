import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setInterval as every } from 'node:timers/promises';

/** The demo's HTTP service: customers, what they owe, and what happens to them. Whoever calls proves it with a token. */
export type Billing = { url: string; stop(): Promise<void> };

type Customer = { id: number; name: string; email: string; iban: string; balance: number; notes: string[] };
type Answer = (request: IncomingMessage, response: ServerResponse, id: number) => unknown;

const EVENT_MILLISECONDS = 300;
const EVENTS = 3;
const paths = { customer: /^\/v1\/customers\/(\d+)$/, notes: /^\/v1\/customers\/(\d+)\/notes$/ } as const;

/** Serves on loopback, and answers 401 to whoever does not hold the token. Port 0 takes a free one. */
export async function startBilling({ port, token }: { port: number; token: string }): Promise<Billing> {
  const customers = makeCustomers();

  const routes: readonly (readonly [method: string, path: RegExp, answer: Answer])[] = [
    ['GET', /^\/v1\/customers$/, (_, response) => json(response, 200, { customers: [...customers.values()] })],
    ['GET', paths.customer, (_, response, id) => found(response, id)],
    ['DELETE', paths.customer, (_, response, id) => json(response, 200, { deleted: customers.delete(id) })],
    [
      'POST',
      paths.notes,
      async (request, response, id) => {
        const customer = customers.get(id);
        if (customer === undefined) return found(response, id);
        customer.notes.push(String(JSON.parse(await textOf(request)).text));
        json(response, 201, customer);
      },
    ],
    ['GET', /^\/v1\/events$/, (_, response) => tell(response)],
    // A service that shows what it was sent: the token that it was called with must not get out that way.
    ['GET', /^\/v1\/debug\/headers$/, ({ headers }, response) => json(response, 200, { headers })],
    [
      'GET',
      /^\/v1\/old$/,
      (_, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    ],
  ];

  function found(response: ServerResponse, id: number) {
    const customer = customers.get(id);
    json(response, customer === undefined ? 404 : 200, customer ?? { error: 'no such customer' });
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    if (request.headers.authorization !== `Bearer ${token}`) return json(response, 401, { error: 'who are you?' });
    const { pathname } = new URL(request.url ?? '/', 'http://billing');
    for (const [method, path, reply] of routes) {
      const match = request.method === method ? path.exec(pathname) : null;
      if (match !== null) return reply(request, response, Number(match[1]));
    }
    json(response, 404, { error: 'no such path' });
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else json(response, 500, { error: String(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function makeCustomers(): Map<number, Customer> {
  const made = ['Ada Byron', 'Grace Murray', 'Edsger Rotterdam'].map((name, index): [number, Customer] => {
    const id = index + 1;
    const email = `${name.toLowerCase().replace(' ', '.')}@post.example`;
    return [id, { id, name, email, iban: 'DE89370400440532013000', balance: id * 1250, notes: [] }];
  });
  return new Map(made);
}

function json(response: ServerResponse, status: number, body: unknown) {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Server-sent events, a few and then no more. */
async function tell(response: ServerResponse) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  let id = 0;
  for await (const _ of every(EVENT_MILLISECONDS)) {
    id += 1;
    response.write(
      `id: ${id}\nevent: paid\ndata: ${JSON.stringify({ customer: id, email: 'ada.byron@post.example', amount: 99 })}\n\n`,
    );
    if (id === EVENTS || response.closed) break;
  }
  response.end();
}
