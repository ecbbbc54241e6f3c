import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** X.509 version 3 certificates (RFC 5280), as few bytes of DER as Node's TLS and Google's connector accept. */

type Authority = { name: string; key: KeyObject; pem: string };

const oids = {
  commonName: '550403',
  sha256WithRsa: '2a864886f70d01010b',
  basicConstraints: '551d13',
};

const tlv = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 65_536
        ? [0x82, body.length >> 8, body.length & 255]
        : [0x83, body.length >> 16, (body.length >> 8) & 255, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...parts: Buffer[]) => tlv(0x30, ...parts);
const oid = (hex: string) => tlv(0x06, Buffer.from(hex, 'hex'));
const integer = (value: number) => tlv(0x02, Buffer.from([value]));
const nameOf = (text: string) => sequence(tlv(0x31, sequence(oid(oids.commonName), tlv(0x0c, Buffer.from(text)))));
const time = (date: Date) => tlv(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`));
const algorithm = sequence(oid(oids.sha256WithRsa), tlv(0x05));

function certificate(
  subject: string,
  publicKey: KeyObject,
  issuer: Pick<Authority, 'name' | 'key'>,
  isAuthority: boolean,
) {
  const constraints = sequence(...(isAuthority ? [tlv(0x01, Buffer.from([255]))] : []));
  const extension = sequence(oid(oids.basicConstraints), tlv(0x01, Buffer.from([255])), tlv(0x04, constraints));
  const body = sequence(
    tlv(0xa0, integer(2)),
    integer(isAuthority ? 1 : 2),
    algorithm,
    nameOf(issuer.name),
    sequence(time(new Date(Date.now() - 60_000)), time(new Date(Date.now() + 3_600_000))),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(extension)),
  );
  const signature = sign('sha256', body, issuer.key);
  const der = sequence(body, algorithm, tlv(0x03, Buffer.from([0]), signature));
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n').trim()}\n-----END CERTIFICATE-----\n`;
}

const newKey = () =>
  createPrivateKey(
    generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey,
  );

export function anAuthority(name: string): Authority {
  const key = newKey();
  return { name, key, pem: certificate(name, createPublicKey(key), { name, key }, true) };
}

/** For the key of somebody else. */
export function certify(subject: string, publicKeyPem: string, authority: Authority): string {
  return certificate(subject, createPublicKey(publicKeyPem), authority, false);
}

/** For a key of its own. */
export function anIdentityOf(subject: string, authority: Authority): { key: string; cert: string } {
  const key = newKey();
  return {
    key: String(key.export({ type: 'pkcs8', format: 'pem' })),
    cert: certificate(subject, createPublicKey(key), authority, false),
  };
}
