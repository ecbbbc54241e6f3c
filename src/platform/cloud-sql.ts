import type { Socket } from 'node:net';
import type { Connector, ConnectorOptions } from '@google-cloud/cloud-sql-connector';

type InstanceOptions = {
  /** `project:region:instance`. */
  instance: string;
  ip: 'private' | 'public' | 'psc';
  /** IAM database login as the account that the token is of; without one the login is by password. */
  login?: { token: string; expiresAt: Date };
};

/** A way to an instance: each stream is a new connection, encrypted and of proven identity on both sides. */
type InstanceRoute = { stream: () => Socket; close: () => void };

export type DialInstance = (options: InstanceOptions) => Promise<InstanceRoute>;

type NewConnector = (options: ConnectorOptions) => Promise<Pick<Connector, 'getOptions' | 'close'>>;

/**
 * Reaches Cloud SQL through Google's own connector: certificates of an hour from the Cloud SQL Admin API, TLS 1.3 both ways, no
 * authorised networks. With a login token both the API and the database see the account the token is of; without one the API sees
 * the instance's own identity. Whoever calls the API needs `roles/cloudsql.client`. Throws what the connector throws.
 */
export function createInstanceDialer(newConnector: NewConnector = load): DialInstance {
  return async ({ instance, ip, login }) => {
    const connector = await newConnector({
      userAgent: 'sallyport',
      ...(login !== undefined && { auth: await bearerOf(login) }),
    });
    const { IpAddressTypes, AuthTypes } = await import('@google-cloud/cloud-sql-connector');
    const ipTypes = { private: IpAddressTypes.PRIVATE, public: IpAddressTypes.PUBLIC, psc: IpAddressTypes.PSC };
    // One that found no instance holds nothing, and closing it would be a rejection that nobody can catch.
    const { stream } = await connector.getOptions({
      instanceConnectionName: instance,
      ipType: ipTypes[ip],
      authType: login === undefined ? AuthTypes.PASSWORD : AuthTypes.IAM,
    });
    return { stream, close: () => connector.close() };
  };
}

/** A client that presents one token until it ends and can get no other. */
async function bearerOf({ token, expiresAt }: { token: string; expiresAt: Date }) {
  const { OAuth2Client } = await import('google-auth-library');
  const client = new OAuth2Client();
  client.setCredentials({ access_token: token, expiry_date: expiresAt.getTime() });
  return client;
}

/** Google's client takes long to load: only once it is needed. */
async function load(options: ConnectorOptions) {
  const { Connector } = await import('@google-cloud/cloud-sql-connector');
  return new Connector(options);
}
