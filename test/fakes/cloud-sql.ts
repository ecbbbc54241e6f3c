import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { anAuthority, anIdentityOf, certify } from './certificates.ts';

export type FakeInstance = {
  /** Root of the Cloud SQL Admin API. */
  adminApi: string;
  /** The bearer token of each call to it, and the access token that a certificate was asked with. */
  asked: { path: string; bearer: string; loginToken: string | undefined }[];
  /** Connections that presented a certificate of the instance's own authority. */
  accepted: () => number;
  stop(): Promise<void>;
};

/** The port on which every Cloud SQL instance takes connectors. */
const connectorPort = 3307;

/**
 * One Cloud SQL instance as its connector meets it: the two calls of the Admin API, and TLS 1.3 that wants a certificate from there,
 * before a real PostgreSQL.
 */
export async function startFakeInstance(options: {
  name: string;
  postgresPort: number;
  address: string;
}): Promise<FakeInstance> {
  const [project = '', region = '', instance = ''] = options.name.split(':');
  const [serverAuthority, clientAuthority] = [anAuthority('server CA'), anAuthority('client CA')];
  const asked: FakeInstance['asked'] = [];
  let accepted = 0;
  const open = new Set<TLSSocket>();

  const doors = createTlsServer(
    {
      ...anIdentityOf(`${project}:${instance}`, serverAuthority),
      ca: clientAuthority.pem,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
    },
    (socket) => {
      accepted += 1;
      open.add(socket);
      const inner = connect(options.postgresPort, '127.0.0.1');
      socket.pipe(inner).pipe(socket);
      socket.on('error', () => inner.destroy()).on('close', () => inner.destroy());
      inner.on('error', () => socket.destroy());
    },
  );
  await new Promise<void>((resolve, reject) =>
    doors.once('error', reject).listen(connectorPort, options.address, resolve),
  );

  const admin = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const path = `${request.method} ${request.url}`;
    asked.push({ path, bearer: request.headers.authorization ?? '', loginToken: body?.access_token });
    const base = `/sql/v1beta4/projects/${project}/instances/${instance}`;
    if (path === `GET ${base}/connectSettings`) {
      const expirationTime = new Date(Date.now() + 3_600_000).toISOString();
      return answer(response, {
        region,
        ipAddresses: [{ type: 'PRIVATE', ipAddress: options.address }],
        serverCaCert: { cert: serverAuthority.pem, expirationTime },
        databaseVersion: 'POSTGRES_18',
      });
    }
    if (path === `POST ${base}:generateEphemeralCert` && body?.public_key !== undefined)
      return answer(response, { ephemeralCert: { cert: certify('connector', body.public_key, clientAuthority) } });
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => admin.listen(0, '127.0.0.1', resolve));

  return {
    adminApi: `http://127.0.0.1:${(admin.address() as AddressInfo).port}/`,
    asked,
    accepted: () => accepted,
    async stop() {
      for (const socket of open) socket.destroy();
      admin.closeAllConnections();
      await Promise.all([doors, admin].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<{ public_key?: string; access_token?: string } | undefined> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? undefined : JSON.parse(text);
}

function answer(response: ServerResponse, body: object) {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
