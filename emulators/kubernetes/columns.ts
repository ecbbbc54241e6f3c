import { ageOf } from './ages.ts';
import { at, type Json, type JsonObject, listAt, numberAt, objectAt, textAt, textsAt } from './json.ts';

/** A column of a Table; `wide` ones are shown with `-o wide` alone. */
export type Column = {
  name: string;
  type?: 'string' | 'integer' | 'date';
  wide?: boolean;
  of: (object: JsonObject, now: Date) => Json;
};

const NONE = '<none>';
const name: Column = { name: 'Name', of: (object) => textAt(object, 'metadata', 'name') };
const age: Column = { name: 'Age', of: (object, now) => ageOf(textAt(object, 'metadata', 'creationTimestamp'), now) };
const created: Column = {
  name: 'Created At',
  type: 'date',
  of: (object) => textAt(object, 'metadata', 'creationTimestamp'),
};
const text = (name: string, ...path: string[]): Column => ({ name, of: (object) => textAt(object, ...path) || NONE });
const count = (name: string, ...path: string[]): Column => ({
  name,
  type: 'integer',
  of: (object) => numberAt(object, ...path),
});
const wide = (column: Column): Column => ({ ...column, wide: true });
const keys = (name: string, ...path: string[]): Column => ({
  name,
  of: (object) => Object.keys(objectAt(object, ...path)).length,
});

const template = ['spec', 'template', 'spec', 'containers'];
const containers = (...path: string[]): Column[] => [
  wide({ name: 'Containers', of: (object) => joined(object, path, 'name') }),
  wide({ name: 'Images', of: (object) => joined(object, path, 'image') }),
];
const selector = wide({ name: 'Selector', of: (object) => labels(textsAt(object, 'spec', 'selector', 'matchLabels')) });

function joined(object: JsonObject, path: readonly string[], field: string): string {
  return listAt(object, ...path)
    .map((one) => textAt(one, field))
    .join(',');
}

function labels(given: Record<string, string>): string {
  const pairs = Object.entries(given).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? NONE : pairs.sort().join(',');
}

const podStatus = (pod: JsonObject) => {
  if (textAt(pod, 'metadata', 'deletionTimestamp') !== '') return 'Terminating';
  const phase = textAt(pod, 'status', 'phase');
  const ends: Readonly<Record<string, string>> = { Succeeded: 'Completed', Failed: 'Error' };
  return textAt(pod, 'status', 'reason') || ends[phase] || phase;
};

const ports = (service: JsonObject) => {
  const told = listAt(service, 'spec', 'ports').map((port) => {
    const node = numberAt(port, 'nodePort');
    return `${numberAt(port, 'port')}${node === 0 ? '' : `:${node}`}/${textAt(port, 'protocol') || 'TCP'}`;
  });
  return told.join(',') || NONE;
};

const subjects =
  (wanted: string): Column['of'] =>
  (binding) =>
    listAt(binding, 'subjects')
      .filter((subject) => textAt(subject, 'kind') === wanted)
      .map((subject) => [textAt(subject, 'namespace'), textAt(subject, 'name')].filter((part) => part !== '').join('/'))
      .join(', ');

const roleRef: Column = {
  name: 'Role',
  of: (binding) => `${textAt(binding, 'roleRef', 'kind')}/${textAt(binding, 'roleRef', 'name')}`,
};
const binding = [
  name,
  roleRef,
  age,
  wide({ name: 'Users', of: subjects('User') }),
  wide({ name: 'Groups', of: subjects('Group') }),
  wide({ name: 'ServiceAccounts', of: subjects('ServiceAccount') }),
];

/** Of the kinds that have columns of their own; all others show name and age. */
const known: Readonly<Record<string, readonly Column[]>> = {
  Pod: [
    name,
    {
      name: 'Ready',
      of: (pod) => {
        const ready = listAt(pod, 'status', 'containerStatuses').filter((one) => at(one, 'ready') === true);
        return `${ready.length}/${listAt(pod, 'spec', 'containers').length}`;
      },
    },
    { name: 'Status', of: podStatus },
    {
      name: 'Restarts',
      of: (pod) =>
        String(
          listAt(pod, 'status', 'containerStatuses').reduce<number>(
            (sum, one) => sum + numberAt(one, 'restartCount'),
            0,
          ),
        ),
    },
    age,
    wide(text('IP', 'status', 'podIP')),
    wide(text('Node', 'spec', 'nodeName')),
    wide(text('Nominated Node', 'status', 'nominatedNodeName')),
    wide({ name: 'Readiness Gates', of: () => NONE }),
  ],
  Deployment: [
    name,
    { name: 'Ready', of: (one) => `${numberAt(one, 'status', 'readyReplicas')}/${numberAt(one, 'spec', 'replicas')}` },
    count('Up-to-date', 'status', 'updatedReplicas'),
    count('Available', 'status', 'availableReplicas'),
    age,
    ...containers(...template),
    selector,
  ],
  ReplicaSet: [
    name,
    count('Desired', 'spec', 'replicas'),
    count('Current', 'status', 'replicas'),
    count('Ready', 'status', 'readyReplicas'),
    age,
    ...containers(...template),
    selector,
  ],
  StatefulSet: [
    name,
    { name: 'Ready', of: (one) => `${numberAt(one, 'status', 'readyReplicas')}/${numberAt(one, 'spec', 'replicas')}` },
    age,
    ...containers(...template),
  ],
  Job: [
    name,
    { name: 'Status', of: (job) => (numberAt(job, 'status', 'succeeded') > 0 ? 'Complete' : 'Running') },
    {
      name: 'Completions',
      of: (job) => `${numberAt(job, 'status', 'succeeded')}/${numberAt(job, 'spec', 'completions')}`,
    },
    { name: 'Duration', of: () => '1s' },
    age,
    ...containers(...template),
  ],
  CronJob: [
    name,
    text('Schedule', 'spec', 'schedule'),
    text('Timezone', 'spec', 'timeZone'),
    { name: 'Suspend', of: (one) => (at(one, 'spec', 'suspend') === true ? 'True' : 'False') },
    { name: 'Active', type: 'integer', of: (one) => listAt(one, 'status', 'active').length },
    { name: 'Last Schedule', of: () => NONE },
    age,
    ...containers('spec', 'jobTemplate', ...template),
  ],
  Service: [
    name,
    text('Type', 'spec', 'type'),
    text('Cluster-IP', 'spec', 'clusterIP'),
    { name: 'External-IP', of: (one) => textAt(one, 'spec', 'externalName') || NONE },
    { name: 'Port(s)', of: ports },
    age,
    wide({ name: 'Selector', of: (one) => labels(textsAt(one, 'spec', 'selector')) }),
  ],
  Secret: [name, text('Type', 'type'), keys('Data', 'data'), age],
  ConfigMap: [
    name,
    {
      name: 'Data',
      of: (map) => Object.keys({ ...objectAt(map, 'data'), ...objectAt(map, 'binaryData') }).length,
    },
    age,
  ],
  ServiceAccount: [name, { name: 'Secrets', of: (one) => listAt(one, 'secrets').length }, age],
  Namespace: [name, text('Status', 'status', 'phase'), age],
  Node: [
    name,
    { name: 'Status', of: () => 'Ready' },
    { name: 'Roles', of: () => NONE },
    age,
    text('Version', 'status', 'nodeInfo', 'kubeletVersion'),
  ],
  Event: [
    { name: 'Last Seen', of: (event, now) => ageOf(textAt(event, 'lastTimestamp'), now) },
    text('Type', 'type'),
    text('Reason', 'reason'),
    {
      name: 'Object',
      of: (event) =>
        `${textAt(event, 'involvedObject', 'kind').toLowerCase()}/${textAt(event, 'involvedObject', 'name')}`,
    },
    { name: 'Message', of: (event) => textAt(event, 'message').trim() },
    wide({ ...name, name: 'Name' }),
  ],
  Role: [name, created],
  ClusterRole: [name, created],
  RoleBinding: binding,
  ClusterRoleBinding: binding,
  CustomResourceDefinition: [name, created],
};

export function columnsOf(kind: string): readonly Column[] {
  return known[kind] ?? [name, age];
}
