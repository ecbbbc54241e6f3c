import type { protos } from '@google-cloud/secret-manager';
import { crc32c } from '../grpc/crc32c.ts';
import { bytesOf, failedPrecondition, invalid, notFound, timestamp } from '../grpc/grpc.ts';
import { page } from '../grpc/pages.ts';
import { secretName, versionName } from './names.ts';
import { aliasesOf, checkEtag, etagOf, findSecret } from './secrets.ts';
import type { Store, VersionRow } from './store.ts';

type Version = protos.google.cloud.secretmanager.v1.ISecretVersion;
type AddRequest = protos.google.cloud.secretmanager.v1.IAddSecretVersionRequest;
type AccessRequest = protos.google.cloud.secretmanager.v1.IAccessSecretVersionRequest;
type AccessResponse = protos.google.cloud.secretmanager.v1.IAccessSecretVersionResponse;
type ChangeRequest = protos.google.cloud.secretmanager.v1.IDisableSecretVersionRequest;
type ListRequest = protos.google.cloud.secretmanager.v1.IListSecretVersionsRequest;
type ListResponse = protos.google.cloud.secretmanager.v1.IListSecretVersionsResponse;

const largestPayload = 64 * 1024;

/** The RPCs on the versions of a secret, of which the payload never changes. */
export function versionMethods(store: Store, now: () => number) {
  const change = (request: ChangeRequest, to: VersionRow['state']): Version => {
    const row = findVersion(store, request.name);
    checkEtag(request.etag, row);
    if (row.state === 'DESTROYED') throw wrongState(row);
    const destroyed = to === 'DESTROYED' ? { destroyed: now(), data: null } : {};
    const changed = { ...row, state: to, revision: row.revision + 1, ...destroyed };
    store.putVersion(changed);
    return toWire(changed);
  };

  return {
    AddSecretVersion(request: AddRequest): Version {
      const { name: secret } = findSecret(store, secretName(request.parent));
      const data = payloadOf(request);
      const number = (store.versionsOf(secret)[0]?.number ?? 0) + 1;
      const checksummed = hasChecksum(request) ? 1 : 0;
      const made = { state: 'ENABLED', created: now(), destroyed: null, revision: 1 } as const;
      const row = { secret, number, ...made, checksummed, data };
      store.putVersion(row);
      return toWire(row);
    },
    AccessSecretVersion(request: AccessRequest): AccessResponse {
      const row = findVersion(store, request.name);
      if (row.state !== 'ENABLED' || row.data === null) throw wrongState(row);
      return { name: nameOf(row), payload: { data: row.data, dataCrc32c: crc32c(row.data) } };
    },
    GetSecretVersion: (request: AccessRequest): Version => toWire(findVersion(store, request.name)),
    ListSecretVersions(request: ListRequest): ListResponse {
      const { name } = findSecret(store, secretName(request.parent));
      const { items, ...rest } = page(store.versionsOf(name), request, 25_000);
      return { versions: items.map(toWire), ...rest };
    },
    EnableSecretVersion: (request: ChangeRequest): Version => change(request, 'ENABLED'),
    DisableSecretVersion: (request: ChangeRequest): Version => change(request, 'DISABLED'),
    DestroySecretVersion: (request: ChangeRequest): Version => change(request, 'DESTROYED'),
  };
}

/** `latest` is the most recently created version whatever its state: a disabled one hides those before it. */
function findVersion(store: Store, name: string | null | undefined): VersionRow {
  const { secret, version } = versionName(name);
  const parent = store.secret(secret);
  const versions = parent && store.versionsOf(secret);
  if (!parent || !versions?.[0]) throw notFound(`Secret [${secret}] not found or has no versions.`);
  if (version === 'latest') return versions[0];

  const number = /^[1-9]\d*$/.test(version) ? version : aliasesOf(parent)[version];
  const found = versions.find((row) => String(row.number) === number);
  if (!found) throw notFound(`Secret Version [${secret}/versions/${version}] not found.`);
  return found;
}

function payloadOf({ payload }: AddRequest): Buffer<ArrayBuffer> {
  const data = bytesOf(payload?.data);
  if (data.length === 0) throw invalid('Secret Payload cannot be empty.');
  if (data.length > largestPayload) {
    throw invalid(`The payload is ${data.length} bytes long; the maximum is ${largestPayload} bytes.`);
  }
  const given = payload?.dataCrc32c;
  if (given !== undefined && given !== null && String(given) !== String(crc32c(data))) {
    throw invalid('The checksum data_crc32c does not match the payload.');
  }
  return data;
}

const hasChecksum = ({ payload }: AddRequest): boolean =>
  payload?.dataCrc32c !== undefined && payload.dataCrc32c !== null;

const nameOf = (row: VersionRow): string => `${row.secret}/versions/${row.number}`;

const wrongState = (row: VersionRow): Error =>
  failedPrecondition(`Secret Version [${nameOf(row)}] is in ${row.state} state.`);

const toWire = (row: VersionRow): Version => ({
  name: nameOf(row),
  createTime: timestamp(row.created),
  destroyTime: row.destroyed === null ? null : timestamp(row.destroyed),
  state: row.state,
  replicationStatus: { automatic: {} },
  etag: etagOf(row),
  clientSpecifiedPayloadChecksum: row.checksummed === 1,
});
