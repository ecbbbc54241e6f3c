import { at, type Json, listAt, objectAt, textAt } from '../json.ts';
import { credential, type Finding, irreversible, privilege, when } from './finding.ts';
import { judgeVolume } from './volumes.ts';

/** What an object as it would be afterwards brings with it, by its resource (`resource.group`), beside the Pods it may describe. */
export const judgeKind: Readonly<Record<string, (object: Json) => Finding[]>> = {
  services: (object) => {
    const spec = objectAt(object, 'spec');
    const type = textAt(spec, 'type');
    return [
      ...when(type === 'ExternalName', privilege(`it leads to ${textAt(spec, 'externalName')}, outside the cluster`)),
      ...when(type === 'LoadBalancer', privilege('it is reachable from outside (LoadBalancer)')),
      ...when(type === 'LoadBalancer', { risk: 'cost', says: 'a load balancer costs money' }),
      ...when(type === 'NodePort', privilege('it is reachable on every node (NodePort)')),
      ...when(
        listAt(spec, 'externalIPs').length > 0,
        privilege(`it takes traffic of ${listAt(spec, 'externalIPs').map(String).join(', ')}`),
      ),
    ];
  },
  endpoints: () => [privilege('it says itself where a Service leads to')],
  'endpointslices.discovery.k8s.io': () => [privilege('it says itself where a Service leads to')],
  'ingresses.networking.k8s.io': (object) => [
    privilege(`it makes ${hostsOf(object)} reachable from outside`),
    ...listAt(object, 'spec', 'tls')
      .map((tls) => textAt(tls, 'secretName'))
      .filter((secret) => secret !== '')
      .map((secret) => credential(`it serves with the key in Secret ${secret}`)),
  ],
  'networkpolicies.networking.k8s.io': () => [privilege('it says who may talk to whom')],
  secrets: (object) => {
    const type = textAt(object, 'type');
    const isToken = type === 'kubernetes.io/service-account-token' || type === 'bootstrap.kubernetes.io/token';
    return when(isToken, credential(`it is filled with, or taken for, a token of the cluster (${type})`));
  },
  serviceaccounts: (object) =>
    Object.keys(objectAt(object, 'metadata', 'annotations'))
      .filter((key) => cloudIdentity.test(key))
      .map((key) => credential(`it acts as an identity of the cloud (${key})`)),
  persistentvolumes: (object) => {
    const { accessModes, capacity, claimRef, nodeAffinity, ...spec } = objectAt(object, 'spec');
    const source = Object.fromEntries(Object.entries(spec).filter(([, member]) => typeof member === 'object'));
    delete source['mountOptions'];
    return judgeVolume({ ...source, name: textAt(object, 'metadata', 'name') });
  },
  'roles.rbac.authorization.k8s.io': judgeRole,
  'clusterroles.rbac.authorization.k8s.io': judgeRole,
  'rolebindings.rbac.authorization.k8s.io': judgeBinding,
  'clusterrolebindings.rbac.authorization.k8s.io': judgeBinding,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': judgeWebhooks,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': judgeWebhooks,
  'apiservices.apiregistration.k8s.io': () => [privilege('it lets another server answer for a part of the API')],
  'customresourcedefinitions.apiextensions.k8s.io': (object) => [
    { risk: 'schema', says: 'it defines what objects of a kind look like' },
    ...when(
      textAt(object, 'spec', 'conversion', 'strategy') === 'Webhook',
      privilege('a webhook is sent every object of the kind'),
    ),
  ],
};

/** What is gone with an object besides itself. */
export const judgeDeletion: Readonly<Record<string, (name: string) => Finding[]>> = {
  namespaces: (name) => [
    irreversible(`everything in the namespace ${name} goes with it`),
    { risk: 'unbounded', says: 'how much that is was not counted' },
  ],
  persistentvolumeclaims: (name) => [irreversible(`the data behind ${name} may be deleted with it`)],
  persistentvolumes: (name) => [irreversible(`the data on ${name} may be deleted with it`)],
  'customresourcedefinitions.apiextensions.k8s.io': (name) => [
    irreversible(`every object of the kind ${name} goes with it`),
    { risk: 'unbounded', says: 'how many that are was not counted' },
  ],
  'networkpolicies.networking.k8s.io': (name) => [privilege(`what ${name} kept apart may talk again`)],
};

const cloudIdentity = /^(iam\.gke\.io|eks\.amazonaws\.com|azure\.workload\.identity)\//;

const hostsOf = (ingress: Json) => {
  const hosts = listAt(ingress, 'spec', 'rules').map((rule) => textAt(rule, 'host') || 'any host');
  return hosts.length === 0 ? 'a service' : [...new Set(hosts)].join(', ');
};

/** Verbs that let their holder give itself more (Kubernetes, RBAC good practices). */
const escalating = ['*', 'escalate', 'bind', 'impersonate'];
const powerful = ['*', 'secrets', 'pods/exec', 'serviceaccounts/token', 'nodes/proxy'];

function judgeRole(role: Json): Finding[] {
  const rules = listAt(role, 'rules').flatMap((rule) => [
    ...['verbs', 'resources']
      .flatMap((name) => listAt(rule, name))
      .map(String)
      .filter((word) => [...escalating, ...powerful].includes(word)),
  ]);
  const aggregated = at(role, 'aggregationRule') !== undefined;
  return [
    privilege('it says what others may do'),
    ...when(rules.length > 0, privilege(`among that: ${[...new Set(rules)].join(', ')}`)),
    ...when(aggregated, privilege('it collects what other roles allow')),
  ];
}

function judgeBinding(binding: Json): Finding[] {
  const subjects = listAt(binding, 'subjects').map(
    (subject) =>
      `${textAt(subject, 'kind')} ${[textAt(subject, 'namespace'), textAt(subject, 'name')].filter(Boolean).join('/')}`,
  );
  const role = `${textAt(binding, 'roleRef', 'kind')} ${textAt(binding, 'roleRef', 'name')}`;
  return [privilege(`it gives ${role} to ${subjects.join(', ') || 'nobody yet'}`)];
}

function judgeWebhooks(configuration: Json): Finding[] {
  const names = listAt(configuration, 'webhooks').map((webhook) => textAt(webhook, 'name'));
  return [privilege(`requests to the API server are sent to ${names.join(', ') || 'nobody yet'}`)];
}
