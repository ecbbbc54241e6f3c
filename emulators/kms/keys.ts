import type { protos } from '@google-cloud/kms';
import { alreadyExists, invalid, notFound, timestamp, unimplemented } from '../grpc/grpc.ts';
import { page } from '../grpc/pages.ts';
import { idOf, nameOf } from './names.ts';
import type { KeyRow, Store } from './store.ts';
import { addVersion, findKey } from './versions.ts';

type Ring = protos.google.cloud.kms.v1.IKeyRing;
type CreateRing = protos.google.cloud.kms.v1.ICreateKeyRingRequest;
type ListRings = protos.google.cloud.kms.v1.IListKeyRingsRequest;
type ListRingsResponse = protos.google.cloud.kms.v1.IListKeyRingsResponse;
type Key = protos.google.cloud.kms.v1.ICryptoKey;
type CreateKey = protos.google.cloud.kms.v1.ICreateCryptoKeyRequest;
type ListKeys = protos.google.cloud.kms.v1.IListCryptoKeysRequest;
type ListKeysResponse = protos.google.cloud.kms.v1.IListCryptoKeysResponse;
type ByName = protos.google.cloud.kms.v1.IGetKeyRingRequest;

const DAY = 86_400_000;
const algorithms = { ASYMMETRIC_SIGN: 'EC_SIGN_P256_SHA256', MAC: 'HMAC_SHA256' } as const;

/** The RPCs on key rings and keys. */
export function keyMethods(store: Store, now: () => number) {
  return {
    CreateKeyRing(request: CreateRing): Ring {
      const name = `${nameOf('location', request.parent)}/keyRings/${idOf('key_ring_id', request.keyRingId)}`;
      if (store.ring(name)) throw alreadyExists(`KeyRing ${name} already exists.`);
      store.addRing(name, now());
      return findRing(store, name);
    },
    GetKeyRing: (request: ByName): Ring => findRing(store, nameOf('keyRing', request.name)),
    ListKeyRings(request: ListRings): ListRingsResponse {
      const { items, ...rest } = page(store.ringsOf(nameOf('location', request.parent)), request, 1000);
      return { keyRings: items.map(ringToWire), ...rest };
    },
    CreateCryptoKey(request: CreateKey): Key {
      const ring = findRing(store, nameOf('keyRing', request.parent));
      const name = `${ring.name}/cryptoKeys/${idOf('crypto_key_id', request.cryptoKeyId)}`;
      const row = { name, created: now(), ...settingsOf(request.cryptoKey ?? {}) };
      if (store.key(name)) throw alreadyExists(`CryptoKey ${name} already exists.`);
      store.addKey(row);
      if (!request.skipInitialVersionCreation) addVersion(store, row, now());
      return keyToWire(row);
    },
    GetCryptoKey: (request: ByName): Key => keyToWire(findKey(store, nameOf('cryptoKey', request.name))),
    ListCryptoKeys(request: ListKeys): ListKeysResponse {
      const ring = findRing(store, nameOf('keyRing', request.parent));
      const { items, ...rest } = page(store.keysOf(ring.name ?? ''), request, 1000);
      return { cryptoKeys: items.map(keyToWire), ...rest };
    },
  };
}

function findRing(store: Store, name: string): Ring {
  const row = store.ring(name);
  if (!row) throw notFound(`KeyRing ${name} not found.`);
  return ringToWire(row);
}

function settingsOf(key: Key): Omit<KeyRow, 'name' | 'created'> {
  const { purpose, versionTemplate } = key;
  if (!purpose) throw invalid('crypto_key.purpose must be set.');
  if (purpose !== 'ASYMMETRIC_SIGN' && purpose !== 'MAC')
    throw unimplemented(`The emulator has no keys for ${purpose}.`);

  const algorithm = algorithms[purpose];
  const asked = versionTemplate?.algorithm;
  if (!asked) throw invalid(`crypto_key.version_template.algorithm must be set for keys with purpose ${purpose}.`);
  if (Object.values(algorithms).some((other) => other === asked && other !== algorithm)) {
    throw invalid(`Algorithm ${asked} is not valid for purpose ${purpose}.`);
  }
  if (asked !== algorithm) throw unimplemented(`The emulator has ${algorithm} for ${purpose}, not ${asked}.`);
  if (versionTemplate.protectionLevel && versionTemplate.protectionLevel !== 'SOFTWARE') {
    throw unimplemented(`The emulator has no ${versionTemplate.protectionLevel} keys.`);
  }
  if (key.rotationPeriod || key.nextRotationTime)
    throw invalid(`Keys with purpose ${purpose} are not rotated automatically.`);
  if (key.importOnly || key.cryptoKeyBackend) throw unimplemented('The emulator makes its own keys.');

  const seconds = key.destroyScheduledDuration?.seconds;
  const destroyAfter = seconds === undefined || seconds === null ? 30 * DAY : Number(seconds) * 1000;
  if (destroyAfter < DAY || destroyAfter > 120 * DAY)
    throw invalid('destroy_scheduled_duration must be 1 to 120 days.');
  return { purpose, algorithm, destroy_after: destroyAfter, labels: JSON.stringify(key.labels ?? {}) };
}

const ringToWire = ({ name, created }: { name: string; created: number }): Ring => ({
  name,
  createTime: timestamp(created),
});

const keyToWire = (row: KeyRow): Key => ({
  name: row.name,
  purpose: row.purpose,
  createTime: timestamp(row.created),
  versionTemplate: { protectionLevel: 'SOFTWARE', algorithm: row.algorithm },
  destroyScheduledDuration: { seconds: row.destroy_after / 1000 },
  labels: JSON.parse(row.labels),
});
