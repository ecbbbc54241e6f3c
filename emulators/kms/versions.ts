import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { protos } from '@google-cloud/kms';
import { failedPrecondition, invalid, notFound, timestamp, unimplemented } from '../grpc/grpc.ts';
import { page } from '../grpc/pages.ts';
import { nameOf, versionOf } from './names.ts';
import type { KeyRow, Store, VersionRow } from './store.ts';

type Version = protos.google.cloud.kms.v1.ICryptoKeyVersion;
type Create = protos.google.cloud.kms.v1.ICreateCryptoKeyVersionRequest;
type ByName = protos.google.cloud.kms.v1.IGetCryptoKeyVersionRequest;
type Update = protos.google.cloud.kms.v1.IUpdateCryptoKeyVersionRequest;
type List = protos.google.cloud.kms.v1.IListCryptoKeyVersionsRequest;
type ListResponse = protos.google.cloud.kms.v1.IListCryptoKeyVersionsResponse;

/** The RPCs on versions of keys. A version is usable at once; the real service takes some seconds to generate it. */
export function versionMethods(store: Store, now: () => number) {
  const change = (name: string | null | undefined, from: VersionRow['state'][], to: Partial<VersionRow>): Version => {
    const { key, version } = findVersion(store, name, now());
    if (!from.includes(version.state)) throw wrongState(version, from);
    const changed = { ...version, ...to };
    store.putVersion(changed);
    return toWire(key, changed);
  };

  return {
    CreateCryptoKeyVersion(request: Create): Version {
      const key = findKey(store, nameOf('cryptoKey', request.parent));
      return toWire(key, addVersion(store, key, now()));
    },
    GetCryptoKeyVersion(request: ByName): Version {
      const { key, version } = findVersion(store, request.name, now());
      return toWire(key, version);
    },
    ListCryptoKeyVersions(request: List): ListResponse {
      const key = findKey(store, nameOf('cryptoKey', request.parent));
      store.destroyDue(now());
      const { items, ...rest } = page(store.versionsOf(key.name), request, 1000);
      return { cryptoKeyVersions: items.map((version) => toWire(key, version)), ...rest };
    },
    UpdateCryptoKeyVersion({ cryptoKeyVersion, updateMask }: Update): Version {
      if (updateMask?.paths?.length !== 1 || updateMask.paths[0] !== 'state') {
        throw unimplemented(
          'The emulator updates the state of a version and nothing else: update_mask must be "state".',
        );
      }
      const state = cryptoKeyVersion?.state;
      if (state !== 'ENABLED' && state !== 'DISABLED') throw invalid('A version can be set to ENABLED or DISABLED.');
      return change(cryptoKeyVersion?.name, ['ENABLED', 'DISABLED'], { state });
    },
    DestroyCryptoKeyVersion({ name }: ByName): Version {
      const { key } = findVersion(store, name, now());
      const to = { state: 'DESTROY_SCHEDULED', destroy: now() + key.destroy_after } as const;
      return change(name, ['ENABLED', 'DISABLED'], to);
    },
    RestoreCryptoKeyVersion: ({ name }: ByName): Version =>
      change(name, ['DESTROY_SCHEDULED'], { state: 'DISABLED', destroy: null }),
  };
}

/** Numbers start at 1 and are never given twice, because no version is ever deleted. */
export function addVersion(store: Store, key: KeyRow, created: number): VersionRow {
  const number = store.versionsOf(key.name).length + 1;
  const material = Uint8Array.from(key.purpose === 'MAC' ? randomBytes(32) : newSigningKey());
  const row: VersionRow = { key: key.name, number, state: 'ENABLED', created, destroy: null, material };
  store.putVersion(row);
  return row;
}

export function findKey(store: Store, name: string): KeyRow {
  const row = store.key(name);
  if (!row) throw notFound(`CryptoKey ${name} not found.`);
  return row;
}

export function findVersion(
  store: Store,
  name: string | null | undefined,
  now: number,
): { key: KeyRow; version: VersionRow } {
  const { key: keyName, number } = versionOf(name);
  store.destroyDue(now);
  const key = findKey(store, keyName);
  const version = store.version(keyName, number);
  if (!version) throw notFound(`CryptoKeyVersion ${name} not found.`);
  return { key, version };
}

/** The refusal of what only works in the wanted states. */
export const wrongState = (version: VersionRow, wanted: VersionRow['state'][]): Error =>
  failedPrecondition(
    `${versionName(version)} is not ${wanted.join(' or ').toLowerCase()}, current state is: ${version.state}.`,
  );

export const versionName = ({ key, number }: VersionRow): string => `${key}/cryptoKeyVersions/${number}`;

const newSigningKey = (): Buffer =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'der', type: 'pkcs8' });

const toWire = (key: KeyRow, row: VersionRow): Version => ({
  name: versionName(row),
  state: row.state,
  protectionLevel: 'SOFTWARE',
  algorithm: key.algorithm,
  createTime: timestamp(row.created),
  generateTime: timestamp(row.created),
  destroyTime: row.state === 'DESTROY_SCHEDULED' && row.destroy !== null ? timestamp(row.destroy) : null,
  destroyEventTime: row.state === 'DESTROYED' && row.destroy !== null ? timestamp(row.destroy) : null,
});
