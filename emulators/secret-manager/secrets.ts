import type { protos } from '@google-cloud/secret-manager';
import { z } from 'zod';
import { alreadyExists, failedPrecondition, invalid, notFound, timestamp, unimplemented } from '../grpc/grpc.ts';
import { page } from '../grpc/pages.ts';
import { projectName, secretId, secretName } from './names.ts';
import type { SecretRow, Store } from './store.ts';

type Secret = protos.google.cloud.secretmanager.v1.ISecret;
type CreateRequest = protos.google.cloud.secretmanager.v1.ICreateSecretRequest;
type NameRequest = protos.google.cloud.secretmanager.v1.IGetSecretRequest;
type DeleteRequest = protos.google.cloud.secretmanager.v1.IDeleteSecretRequest;
type ListRequest = protos.google.cloud.secretmanager.v1.IListSecretsRequest;
type ListResponse = protos.google.cloud.secretmanager.v1.IListSecretsResponse;
type UpdateRequest = protos.google.cloud.secretmanager.v1.IUpdateSecretRequest;

const strings = z.record(z.string(), z.string()).default({});
const settingsSchema = z.object({
  replication: z.looseObject({}),
  labels: strings,
  annotations: strings,
  versionAliases: strings,
});
type Settings = z.infer<typeof settingsSchema>;

/** Real features that would be ignored here: refused, so that nobody relies on them in vain. */
const unsupported = [
  'topics',
  'expireTime',
  'ttl',
  'rotation',
  'versionDestroyTtl',
  'customerManagedEncryption',
  'tags',
];

/** The RPCs on secrets themselves. */
export function secretMethods(store: Store, now: () => number) {
  return {
    CreateSecret(request: CreateRequest): Secret {
      const name = `${projectName(request.parent)}/secrets/${secretId(request.secretId)}`;
      const settings = settingsOf(request.secret ?? {});
      if (Object.keys(settings.versionAliases).length > 0)
        throw invalid('A new secret has no version to give an alias.');
      if (store.secret(name)) throw alreadyExists(`Secret [${name}] already exists.`);
      store.putSecret({ name, created: now(), revision: 1, settings: JSON.stringify(settings) });
      return toWire(findSecret(store, name));
    },
    GetSecret: (request: NameRequest): Secret => toWire(findSecret(store, secretName(request.name))),
    ListSecrets(request: ListRequest): ListResponse {
      const { items, ...rest } = page(store.secretsOf(projectName(request.parent)), request, 25_000);
      return { secrets: items.map(toWire), ...rest };
    },
    UpdateSecret(request: UpdateRequest): Secret {
      const row = findSecret(store, secretName(request.secret?.name));
      checkEtag(request.secret?.etag, row);
      const settings = updated(row, request, store);
      store.putSecret({ ...row, revision: row.revision + 1, settings: JSON.stringify(settings) });
      return toWire(findSecret(store, row.name));
    },
    DeleteSecret(request: DeleteRequest): object {
      const row = findSecret(store, secretName(request.name));
      checkEtag(request.etag, row);
      store.removeSecret(row.name);
      return {};
    },
  };
}

export function findSecret(store: Store, name: string): SecretRow {
  const row = store.secret(name);
  if (row === undefined) throw notFound(`Secret [${name}] not found.`);
  return row;
}

/** The version numbers by alias, as decimal strings. */
export const aliasesOf = (row: SecretRow): Record<string, string> => readSettings(row).versionAliases;

export const etagOf = ({ created, revision }: { created: number; revision: number }): string =>
  `"${created.toString(16)}${revision.toString(16).padStart(4, '0')}"`;

/** Refuses when the caller has seen another revision; a caller that says nothing is not checked. */
export function checkEtag(given: string | null | undefined, row: { created: number; revision: number }): void {
  if (given && given !== etagOf(row)) {
    throw failedPrecondition(`The etag provided [${given}] does not match the current etag [${etagOf(row)}].`);
  }
}

function settingsOf(secret: Secret): Settings {
  for (const [field, value] of Object.entries(secret)) {
    if (unsupported.includes(field) && isSet(value)) throw unimplemented(`The emulator has no Secret.${field}.`);
  }
  if (!secret.replication) throw invalid('Secret.replication must be provided.');
  const settings = settingsSchema.parse(secret);
  checkLabels(settings.labels);
  return settings;
}

const isSet = (value: unknown): boolean =>
  value !== null && typeof value === 'object' && (!Array.isArray(value) || value.length > 0);

function updated(row: SecretRow, request: UpdateRequest, store: Store): Settings {
  const paths = request.updateMask?.paths ?? [];
  if (paths.length === 0) throw invalid('The update_mask must not be empty.');

  const settings = readSettings(row);
  for (const path of paths) {
    if (path === 'labels') settings.labels = { ...request.secret?.labels };
    else if (path === 'annotations') settings.annotations = { ...request.secret?.annotations };
    else if (path === 'version_aliases') settings.versionAliases = strings.parse(request.secret?.versionAliases ?? {});
    else throw unimplemented(`The emulator updates labels, annotations and version_aliases, not ${path}.`);
  }
  checkLabels(settings.labels);
  for (const [alias, number] of Object.entries(settings.versionAliases)) {
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(alias) || alias === 'latest') throw invalid(`Invalid alias [${alias}].`);
    if (!store.version(row.name, Number(number))) throw invalid(`The alias [${alias}] names no version.`);
  }
  return settings;
}

/** The rules of Google Cloud labels: see Secret.labels. */
function checkLabels(labels: Record<string, string>): void {
  if (Object.keys(labels).length > 64) throw invalid('No more than 64 labels can be assigned to a given resource.');
  for (const [key, value] of Object.entries(labels)) {
    if (!/^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u.test(key)) throw invalid(`Invalid label key [${key}].`);
    if (!/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u.test(value)) throw invalid(`Invalid label value [${value}].`);
  }
}

const readSettings = (row: SecretRow): Settings => settingsSchema.parse(JSON.parse(row.settings));

const toWire = (row: SecretRow): Secret => ({
  name: row.name,
  createTime: timestamp(row.created),
  etag: etagOf(row),
  ...readSettings(row),
});
