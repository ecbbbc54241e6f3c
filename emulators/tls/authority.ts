import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { bits, boolean, der, integer, octets, oid, sequence, set, text, time } from './der.ts';

/** Both in PEM. */
export type Certified = { certificate: string; key: string };

export type Authority = {
  /** Its own certificate in PEM: what clients are to trust. */
  certificate: string;
  /** For a server at these names and IPv4 addresses. */
  server(hosts: readonly string[]): Certified;
  /** For a client that is to be known by this name, in these groups (`CN` and `O`, as Kubernetes reads them). */
  client(name: string, groups?: readonly string[]): Certified;
};

const DAYS = 7;
const signedWith = sequence(oid('1.2.840.10045.4.3.2')); // ecdsa-with-SHA256, RFC 5758
const extensions = {
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  names: '2.5.29.17',
  constraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedUsage: '2.5.29.37',
} as const;
const usage = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const;

/** A certificate authority for tests, new each time and good for a week (RFC 5280, P-256). Its key never leaves it. */
export function createAuthority(name: string): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = nameOf(name, []);
  const own = { subject: issuer, publicKey, issuer, issuerPublicKey: publicKey, issuerKey: privateKey };

  function issue(subject: Buffer, special: readonly Buffer[]): Certified {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signs = extension(extensions.keyUsage, bits(Buffer.from([0x80]), 7), true);
    const certificate = certify({ ...own, subject, publicKey: pair.publicKey }, [signs, ...special]);
    return { certificate, key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }

  return {
    certificate: certify(own, [
      extension(extensions.constraints, sequence(boolean(true)), true),
      extension(extensions.keyUsage, bits(Buffer.from([0x06]), 1), true), // keyCertSign, cRLSign
    ]),
    server: (hosts) =>
      issue(nameOf(hosts[0] ?? '', []), [
        extension(extensions.extendedUsage, sequence(oid(usage.serverAuth))),
        extension(extensions.names, sequence(...hosts.map(alternative))),
      ]),
    client: (user, groups = []) =>
      issue(nameOf(user, groups), [extension(extensions.extendedUsage, sequence(oid(usage.clientAuth)))]),
  };
}

type Made = { subject: Buffer; publicKey: KeyObject; issuer: Buffer; issuerPublicKey: KeyObject; issuerKey: KeyObject };

function certify({ subject, publicKey, issuer, issuerPublicKey, issuerKey }: Made, special: readonly Buffer[]): string {
  const now = Date.now();
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    signedWith,
    issuer,
    sequence(time(new Date(now - 3_600_000)), time(new Date(now + DAYS * 86_400_000))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        ...special,
        extension(extensions.subjectKey, octets(keyId(publicKey))),
        extension(extensions.authorityKey, sequence(der(0x80, keyId(issuerPublicKey)))),
      ),
    ),
  );
  const whole = sequence(body, signedWith, bits(sign('sha256', body, issuerKey)));
  const lines = whole.toString('base64').replaceAll(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`;
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
}

function nameOf(common: string, groups: readonly string[]): Buffer {
  const part = (id: string, value: string) => set(sequence(oid(id), text(value)));
  return sequence(...groups.map((group) => part('2.5.4.10', group)), part('2.5.4.3', common));
}

/** A name (`dNSName`) or an address (`iPAddress`) by which a server is known. */
function alternative(host: string): Buffer {
  return isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host, 'latin1'));
}
