import { isDeepStrictEqual } from 'node:util';
import { type Json, listAt, objectAt, textAt } from '../json.ts';
import { credential, type Finding, irreversible, privilege, when } from './finding.ts';

const labelsOf = (object: Json) => objectAt(object, 'metadata', 'labels');
const annotationsOf = (object: Json) => objectAt(object, 'metadata', 'annotations');

/** What a change does by an object's metadata alone: to who cleans up, who owns it, and what other software makes of it. */
export function judgeMetadata(before: Json, after: Json, resource: string): Finding[] {
  return [
    ...ofFinalizers(before, after),
    ...ofOwners(before, after),
    ...judgeAnnotations(before, after),
    ...(resource === 'namespaces' ? changedKeys(labelsOf(before), labelsOf(after)).flatMap(judgeNamespaceLabel) : []),
  ];
}

function ofFinalizers(before: Json, after: Json): Finding[] {
  const kept = listAt(after, 'metadata', 'finalizers');
  const gone = listAt(before, 'metadata', 'finalizers').filter((finalizer) => !kept.includes(finalizer));
  return when(gone.length > 0, irreversible(`what ${gone.join(', ')} should clean up is left behind`));
}

/** An object goes with its owners, so another owner is another end. */
function ofOwners(before: Json, after: Json): Finding[] {
  if (before === undefined) return [];
  const [was, is] = [before, after].map((object) => listAt(object, 'metadata', 'ownerReferences'));
  if (isDeepStrictEqual(was, is)) return [];
  const names = is?.map((owner) => `${textAt(owner, 'kind')} ${textAt(owner, 'name')}`).join(', ');
  return [irreversible(`it would be deleted together with ${names || 'nothing any more'}`)];
}

/** Prefixes of annotations by which other software puts programs or secrets into Pods, or configures what serves them. */
const injecting: readonly [prefix: RegExp, finding: (key: string) => Finding][] = [
  [/^vault\.hashicorp\.com\//, (key) => credential(`secrets of a Vault are put into its Pods (${key})`)],
  [
    /^((sidecar|inject|proxy)\.istio\.io|(config\.)?linkerd\.io|dapr\.io|consul\.hashicorp\.com|(sidecar|instrumentation)\.opentelemetry\.io|gke-gcsfuse)\//,
    (key) => privilege(`other software puts programs into its Pods (${key})`),
  ],
  [/^container\.(apparmor\.security\.beta|seccomp\.security\.alpha)\.kubernetes\.io\//, confinement],
  [/^seccomp\.security\.alpha\.kubernetes\.io\//, confinement],
  [/-snippets?$/, (key) => privilege(`it writes into the configuration of a proxy (${key})`)],
];

function confinement(key: string): Finding {
  return privilege(`it changes what confines its programs (${key})`);
}

/** Annotations that are put, changed or taken away. */
export function judgeAnnotations(before: Json, after: Json): Finding[] {
  return changedKeys(annotationsOf(before), annotationsOf(after)).flatMap(judgeAnnotation);
}

function judgeAnnotation(key: string): Finding[] {
  return injecting.filter(([prefix]) => prefix.test(key)).map(([, finding]) => finding(key));
}

function judgeNamespaceLabel(key: string): Finding[] {
  const isStandard = key.startsWith('pod-security.kubernetes.io/');
  const isInjection = /^(istio-injection|istio\.io\/|linkerd\.io\/)/.test(key);
  return [
    ...when(isStandard, privilege(`it changes what its Pods are allowed to do (${key})`)),
    ...when(isInjection, privilege(`it changes which programs are put into its Pods (${key})`)),
  ];
}

function changedKeys(before: Readonly<Record<string, Json>>, after: Readonly<Record<string, Json>>): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => before[key] !== after[key]).sort();
}
