import { createHmac, createPrivateKey, createPublicKey, sign, timingSafeEqual } from 'node:crypto';
import type { protos } from '@google-cloud/kms';
import { crc32c } from '../grpc/crc32c.ts';
import { bytesOf, failedPrecondition, invalid, unimplemented } from '../grpc/grpc.ts';
import { signDigest } from './ecdsa.ts';
import type { KeyRow, Store } from './store.ts';
import { findVersion, versionName, wrongState } from './versions.ts';

type Int64 = protos.google.protobuf.IInt64Value;
type GetPublicKey = protos.google.cloud.kms.v1.IGetPublicKeyRequest;
type PublicKey = protos.google.cloud.kms.v1.IPublicKey;
type Sign = protos.google.cloud.kms.v1.IAsymmetricSignRequest;
type Signature = protos.google.cloud.kms.v1.IAsymmetricSignResponse;
type MacSign = protos.google.cloud.kms.v1.IMacSignRequest;
type Mac = protos.google.cloud.kms.v1.IMacSignResponse;
type MacVerify = protos.google.cloud.kms.v1.IMacVerifyRequest;
type MacVerified = protos.google.cloud.kms.v1.IMacVerifyResponse;

const largestData = 64 * 1024;

/** The RPCs that use a key. Every checksum that comes with a request is verified, and every answer carries its own. */
export function signingMethods(store: Store, now: () => number) {
  const usable = (name: string | null | undefined, purpose: KeyRow['purpose']) => {
    const { key, version } = findVersion(store, name, now());
    if (key.purpose !== purpose) throw failedPrecondition(`${key.name} has purpose ${key.purpose}, not ${purpose}.`);
    if (version.state !== 'ENABLED' || version.material === null) throw wrongState(version, ['ENABLED']);
    return { name: versionName(version), material: Buffer.from(version.material), algorithm: key.algorithm };
  };
  const signingKey = (name: string | null | undefined) => {
    const version = usable(name, 'ASYMMETRIC_SIGN');
    return { ...version, key: createPrivateKey({ key: version.material, format: 'der', type: 'pkcs8' }) };
  };

  return {
    GetPublicKey(request: GetPublicKey): PublicKey {
      const { name, key, algorithm } = signingKey(request.name);
      const format = request.publicKeyFormat;
      if (format && format !== 'PEM') throw unimplemented(`The emulator gives public keys as PEM, not as ${format}.`);
      const pem = createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString();
      const checksum = checksumOf(Buffer.from(pem));
      const publicKey = format === 'PEM' ? { data: Buffer.from(pem), crc32cChecksum: checksum } : null;
      return {
        name,
        pem,
        pemCrc32c: checksum,
        algorithm,
        protectionLevel: 'SOFTWARE',
        publicKeyFormat: 'PEM',
        publicKey,
      };
    },
    AsymmetricSign(request: Sign): Signature {
      const { name, key, material } = signingKey(request.name);
      const input = inputOf(request);
      const signature = 'digest' in input ? signDigest(input.digest, material) : sign('sha256', input.data, key);
      return {
        name,
        signature,
        signatureCrc32c: checksumOf(signature),
        verifiedDigestCrc32c: 'digest' in input && Boolean(request.digestCrc32c),
        verifiedDataCrc32c: 'data' in input && Boolean(request.dataCrc32c),
        protectionLevel: 'SOFTWARE',
      };
    },
    MacSign(request: MacSign): Mac {
      const { name, material } = usable(request.name, 'MAC');
      const mac = macOf(dataOf(request), material);
      const verifiedDataCrc32c = Boolean(request.dataCrc32c);
      return { name, mac, macCrc32c: checksumOf(mac), verifiedDataCrc32c, protectionLevel: 'SOFTWARE' };
    },
    MacVerify(request: MacVerify): MacVerified {
      const { name, material } = usable(request.name, 'MAC');
      const expected = macOf(dataOf(request), material);
      const given = bytesOf(request.mac);
      verifyChecksum('mac', given, request.macCrc32c);
      const success = given.length === expected.length && timingSafeEqual(given, expected);
      return {
        name,
        success,
        verifiedDataCrc32c: Boolean(request.dataCrc32c),
        verifiedMacCrc32c: Boolean(request.macCrc32c),
        verifiedSuccessIntegrity: success,
        protectionLevel: 'SOFTWARE',
      };
    },
  };
}

/** What to sign: a SHA-256 digest, or data that KMS digests itself. */
function inputOf(request: Sign): { digest: Buffer } | { data: Buffer } {
  const { digest } = request;
  if (!digest) {
    const data = dataOf(request);
    if (data.length === 0) throw invalid('Either digest or data must be set.');
    return { data };
  }
  if (request.data?.length) throw invalid('Digest and data must not both be set.');
  const sha256 = bytesOf(digest.sha256);
  if (sha256.length !== 32)
    throw invalid(`EC_SIGN_P256_SHA256 signs a sha256 digest of 32 bytes, not ${sha256.length}.`);
  verifyChecksum('digest', sha256, request.digestCrc32c);
  return { digest: sha256 };
}

function dataOf(request: Pick<MacSign, 'data' | 'dataCrc32c'>): Buffer {
  const data = bytesOf(request.data);
  if (data.length > largestData) throw invalid(`The data must not be longer than ${largestData} bytes.`);
  verifyChecksum('data', data, request.dataCrc32c);
  return data;
}

const macOf = (data: Buffer, key: Buffer): Buffer => createHmac('sha256', key).update(data).digest();

const checksumOf = (bytes: Buffer): Int64 => ({ value: crc32c(bytes) });

function verifyChecksum(field: string, bytes: Buffer, given: Int64 | null | undefined): void {
  if (given && String(given.value ?? 0) !== String(crc32c(bytes))) {
    throw invalid(`The checksum in field ${field}_crc32c did not match the data in field ${field}.`);
  }
}
