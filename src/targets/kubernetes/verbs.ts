import type { Touch } from '../../model/operation.ts';
import { never } from './refusal.ts';
import type { RequestInfo } from './request-info.ts';
import { type ApiVerb, type BuiltIn, builtIns, isApiVerb, type Meanings, nameOf } from './rules/built-in.ts';

/** What of a request decides what it means; `auth can-i` asks with no more. */
export type Subject = Pick<RequestInfo, 'verb' | 'group' | 'resource' | 'subresource' | 'namespace' | 'name'>;

/** What it means here, before its query and its body were looked at. */
export type Understood = Touch & {
  /** Whether Kubernetes brings the resource itself. */
  known: BuiltIn | undefined;
};

/**
 * What a request for a resource means: verb, risks and what it touches. Throws `denied` for what never passes: proxies, resources,
 * subresources and verbs that are not known here and that the connection does not list.
 */
export function meaningOf(subject: Subject, customResources: readonly string[]): Understood {
  const { verb, group, resource, subresource } = subject;
  if (subresource === 'proxy') throw never('proxy', 'Nothing is reached through the API server’s proxy.');
  const known = builtIns.get(nameOf(resource, group));
  const meanings = meaningsOf(subject, customResources);
  if (meanings === undefined && known !== undefined)
    throw never('unknown-resource', `${titleOf(subject)} is not served.`);
  if (meanings === undefined)
    throw never(
      'unknown-resource',
      `${titleOf(subject)} is none of Kubernetes’ own; whoever keeps the connection may list it in custom_resources.`,
    );
  const meaning = isApiVerb(verb) ? meanings[verb] : undefined;
  if (meaning === undefined)
    throw never('unknown-verb', `${verb || 'This method'} is not served on ${titleOf(subject)}.`);
  return { ...meaning, resources: touchedBy(subject, known), known };
}

type Kind = Pick<Subject, 'group' | 'resource' | 'subresource'>;

/** What a verb on a resource means; undefined for what never passes. */
export function knownMeaningOf({ verb, ...kind }: Kind & { verb: ApiVerb }, customResources: readonly string[]) {
  return kind.subresource === 'proxy' ? undefined : meaningsOf(kind, customResources)?.[verb];
}

function meaningsOf(kind: Kind, customResources: readonly string[]): Meanings | undefined {
  const { group, resource, subresource } = kind;
  const known = builtIns.get(nameOf(resource, group));
  if (known === undefined) return customResources.includes(titleOf(kind)) ? ofCustom : undefined;
  return subresource === '' ? known.meanings : ownOf(known.subresources, subresource);
}

/** What the connection lists is read, changed and deleted as what applications are made of. */
const ofCustom = builtIns.get('configmaps')?.meanings ?? {};

const ownOf = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

const titleOf = ({ group, resource, subresource }: Kind) =>
  `${nameOf(resource, group)}${subresource === '' ? '' : `/${subresource}`}`;

/** Refuses what no server serves: a namespace where there is none, none where there must be one, and so with names. */
export function refuseScope(subject: Subject, { known }: Understood): void {
  const { verb, namespace, resource, name, subresource } = subject;
  if ((verb === 'update' || verb === 'patch') && name === '')
    throw never('scope', `Say which one: ${titleOf(subject)}.`);
  if (verb === 'create' && name !== '' && subresource === '')
    throw never('scope', `Create ${titleOf(subject)} on the list, not under a name.`);
  if (known === undefined || resource === 'namespaces') return;
  if (!known.namespaced && namespace !== '') throw never('scope', `${titleOf(subject)} is in no namespace.`);
  if (known.namespaced && namespace === '' && verb !== 'list' && verb !== 'watch')
    throw never('scope', `${titleOf(subject)} is in a namespace: say in which.`);
}

/** `team-a/pods/web/exec`: `_` for the namespace of what is in none, `*` where it is about all. */
function touchedBy(subject: Subject, known: BuiltIn | undefined): string[] {
  const { verb, group, resource, subresource, name } = subject;
  if (known?.own) return [];
  const own = `${placeOf(subject, known)}/${nameOf(resource, group)}/${name || '*'}${subresource === '' ? '' : `/${subresource}`}`;
  if (verb === 'delete' && name !== '') {
    if (group === '' && resource === 'namespaces') return [own, `${name}/*/*`];
    if (nameOf(resource, group) === 'customresourcedefinitions.apiextensions.k8s.io') return [own, `*/${name}/*`];
  }
  return [own];
}

function placeOf({ namespace, resource, group, name }: Subject, known: BuiltIn | undefined): string {
  if (known?.namespaced === false || (group === '' && resource === 'namespaces')) return '_';
  if (namespace !== '') return namespace;
  return known === undefined && name !== '' ? '_' : '*';
}
