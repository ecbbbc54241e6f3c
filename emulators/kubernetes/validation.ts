import { type JsonObject, listAt, textAt, textsAt } from './json.ts';
import type { Resource } from './resources.ts';
import { invalid } from './status.ts';
import { nameOf } from './store.ts';

type Fault = { field: string; reason: 'Required' | 'Invalid' | 'NotSupported'; message: string };

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Throws a 422 that tells each fault with its field. Only what the demo's clients can get wrong is looked at. */
export function validate(resource: Resource, object: JsonObject): void {
  const faults = [...nameFaults(resource, object), ...(byKind[resource.kind]?.(object) ?? [])];
  if (faults.length > 0) throw invalid(resource, nameOf(object), faults);
}

function nameFaults({ group }: Resource, object: JsonObject): Fault[] {
  const name = nameOf(object);
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  const isFree = group === 'rbac.authorization.k8s.io' && !/[/%]/.test(name);
  if (isFree || (SUBDOMAIN.test(name) && name.length <= 253)) return [];
  const message = `Invalid value: ${JSON.stringify(name)}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`;
  return [{ field: 'metadata.name', reason: 'Invalid', message }];
}

const byKind: Readonly<Record<string, (object: JsonObject) => Fault[]>> = {
  Pod: (pod) => podFaults(pod, 'spec'),
  Deployment: workloadFaults,
  ReplicaSet: workloadFaults,
  StatefulSet: workloadFaults,
  DaemonSet: workloadFaults,
  Job: (job) => podFaults(job, 'spec.template.spec'),
  CronJob: (cronJob) => [
    ...(textAt(cronJob, 'spec', 'schedule') === '' ? [required('spec.schedule')] : []),
    ...podFaults(cronJob, 'spec.jobTemplate.spec.template.spec'),
  ],
  Secret: (secret) =>
    Object.entries(textsAt(secret, 'data'))
      .filter(([, value]) => !/^[A-Za-z0-9+/]*={0,2}$/.test(value))
      .map(([key]) => ({
        field: `data[${key}]`,
        reason: 'Invalid',
        message: 'Invalid value: "": illegal base64 data',
      })),
};

function workloadFaults(workload: JsonObject): Fault[] {
  const selector = textsAt(workload, 'spec', 'selector', 'matchLabels');
  const labels = textsAt(workload, 'spec', 'template', 'metadata', 'labels');
  const chosen = Object.entries(selector);
  const isMatched = chosen.length > 0 && chosen.every(([key, value]) => labels[key] === value);
  return [
    ...(Object.keys(selector).length === 0 ? [required('spec.selector')] : []),
    ...(isMatched ? [] : [{ ...mismatch, message: `Invalid value: ${told(labels)}: ${mismatch.message}` }]),
    ...podFaults(workload, 'spec.template.spec'),
  ];
}

/** As Go writes a map. */
function told(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return pairs.length === 0 ? 'map[string]string(nil)' : `map[string]string{${pairs.sort().join(', ')}}`;
}

const mismatch = {
  field: 'spec.template.metadata.labels',
  reason: 'Invalid',
  message: '`selector` does not match template `labels`',
} as const;

function podFaults(object: JsonObject, path: string): Fault[] {
  const containers = listAt(object, ...path.split('.'), 'containers');
  if (containers.length === 0) return [required(`${path}.containers`)];
  return containers.flatMap((container, index) =>
    ['name', 'image']
      .filter((field) => textAt(container, field) === '')
      .map((field) => required(`${path}.containers[${index}].${field}`)),
  );
}

function required(field: string, detail = ''): Fault {
  return { field, reason: 'Required', message: detail === '' ? 'Required value' : `Required value: ${detail}` };
}
