import type { Risk, Verb } from '../../../model/documents.ts';

const apiVerbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;
/** Verbs of the API server's own. */
export type ApiVerb = (typeof apiVerbs)[number];

export const isApiVerb = (verb: string): verb is ApiVerb => apiVerbs.some((known) => known === verb);

type Meaning = { verb: Verb; risks: readonly Risk[] };

/** What each verb on it means here. A verb that is not among them does not exist, or never passes. */
export type Meanings = Readonly<Partial<Record<ApiVerb, Meaning>>>;

export type BuiltIn = {
  namespaced: boolean;
  meanings: Meanings;
  subresources: Readonly<Record<string, Meanings>>;
  /** Whether its data are secrets. */
  secret: boolean;
  /** The gateway answers by itself, as the server would describe the gateway. */
  own: boolean;
};

const meaning = (verb: Verb, ...risks: Risk[]): Meaning => ({ verb, risks });
const read = meaning('read');
const reads: Meanings = { get: read, list: read, watch: read };

const changes = (change: Meaning): Meanings => ({ update: change, patch: change });

/** Read, changed and deleted, with what a change and a deletion of it mean. */
function all(change: Meaning, removal: Meaning = change): Meanings {
  const many = { ...removal, risks: [...new Set<Risk>([...removal.risks, 'bulk'])] };
  return { ...reads, create: change, ...changes(change), delete: removal, deletecollection: many };
}

/** What applications are made of. */
const data = all(meaning('write'), meaning('delete'));
/** What holds data that are gone with it. */
const storage = all(meaning('write'), meaning('delete', 'irreversible'));
/** What the cluster is run by: where traffic and work go, and within which bounds. */
const cluster = all(meaning('administer'));
/** Who may do what. */
const rights = all(meaning('grant', 'privilege'));
/** What makes somebody believed. */
const credentials = all(meaning('grant', 'credential'));
/** What changes the API itself, and sees or alters every request. */
const definitions = all(
  meaning('define', 'schema', 'privilege'),
  meaning('define', 'schema', 'privilege', 'irreversible'),
);
const nodes = all(meaning('administer', 'privilege'));
/** Its labels decide what pods in it may do; with it everything in it is gone. */
const namespaces: Meanings = {
  ...reads,
  create: meaning('administer'),
  ...changes(meaning('administer', 'privilege')),
  delete: meaning('delete', 'irreversible', 'unbounded'),
};
const asking: Meanings = { create: read };

const scale = { scale: { get: read, ...changes(meaning('write')) } };
const exec: Meanings = { get: meaning('execute'), create: meaning('execute') };
const pods = {
  log: { get: read },
  exec,
  attach: exec,
  portforward: { get: meaning('connect'), create: meaning('connect') },
  eviction: { create: meaning('delete') },
  binding: { create: meaning('administer') },
  ephemeralcontainers: { get: read, ...changes(meaning('execute', 'privilege')) },
  resize: { get: read, ...changes(meaning('write')) },
};

type Entry = {
  meanings: Meanings;
  subresources?: Readonly<Record<string, Meanings>>;
  secret?: boolean;
  own?: boolean;
};
type Group = { namespaced?: Readonly<Record<string, Entry>>; cluster?: Readonly<Record<string, Entry>> };

const of = (meanings: Meanings, subresources: Entry['subresources'] = {}): Entry => ({ meanings, subresources });

const groups: Readonly<Record<string, Group>> = {
  '': {
    namespaced: {
      pods: of(data, pods),
      services: of(data),
      configmaps: of(data),
      secrets: { ...of(data), secret: true },
      events: of(data),
      persistentvolumeclaims: of(storage),
      replicationcontrollers: of(data, scale),
      podtemplates: of(data),
      serviceaccounts: of(rights, { token: { create: meaning('grant', 'credential') } }),
      endpoints: of(cluster),
      limitranges: of(cluster),
      resourcequotas: of(cluster),
      bindings: of({ create: meaning('administer') }),
    },
    cluster: {
      namespaces: of(namespaces, { finalize: { update: meaning('administer', 'irreversible') } }),
      nodes: of(nodes),
      persistentvolumes: of(all(meaning('administer', 'privilege'), meaning('administer', 'irreversible'))),
      componentstatuses: of({ get: read, list: read }),
    },
  },
  apps: {
    namespaced: {
      deployments: of(data, scale),
      statefulsets: of(data, scale),
      replicasets: of(data, scale),
      daemonsets: of(data),
      controllerrevisions: of(cluster),
    },
  },
  batch: { namespaced: { jobs: of(data), cronjobs: of(data) } },
  autoscaling: { namespaced: { horizontalpodautoscalers: of(data) } },
  policy: {
    namespaced: { poddisruptionbudgets: of(data) },
    cluster: { podsecuritypolicies: of(rights) },
  },
  extensions: { namespaced: { ingresses: of(data) } },
  'networking.k8s.io': {
    namespaced: { ingresses: of(data), networkpolicies: of(cluster) },
    cluster: { ingressclasses: of(cluster), ipaddresses: of(cluster), servicecidrs: of(cluster) },
  },
  'discovery.k8s.io': { namespaced: { endpointslices: of(cluster) } },
  'events.k8s.io': { namespaced: { events: of(data) } },
  'coordination.k8s.io': { namespaced: { leases: of(cluster), leasecandidates: of(cluster) } },
  'scheduling.k8s.io': { cluster: { priorityclasses: of(cluster) } },
  'node.k8s.io': { cluster: { runtimeclasses: of(cluster) } },
  'storage.k8s.io': {
    namespaced: { csistoragecapacities: of(cluster) },
    cluster: {
      storageclasses: of(cluster),
      volumeattachments: of(cluster),
      volumeattributesclasses: of(cluster),
      csidrivers: of(cluster),
      csinodes: of(cluster),
    },
  },
  'resource.k8s.io': {
    namespaced: { resourceclaims: of(data), resourceclaimtemplates: of(data) },
    cluster: { deviceclasses: of(cluster), resourceslices: of(cluster) },
  },
  'flowcontrol.apiserver.k8s.io': { cluster: { flowschemas: of(cluster), prioritylevelconfigurations: of(cluster) } },
  'rbac.authorization.k8s.io': {
    namespaced: { roles: of(rights), rolebindings: of(rights) },
    cluster: { clusterroles: of(rights), clusterrolebindings: of(rights) },
  },
  'certificates.k8s.io': {
    namespaced: { podcertificaterequests: of(credentials) },
    cluster: {
      certificatesigningrequests: of(credentials, {
        approval: { get: read, ...changes(meaning('grant', 'credential', 'privilege')) },
      }),
      clustertrustbundles: of(credentials),
    },
  },
  'admissionregistration.k8s.io': {
    cluster: {
      mutatingwebhookconfigurations: of(definitions),
      validatingwebhookconfigurations: of(definitions),
      mutatingadmissionpolicies: of(definitions),
      mutatingadmissionpolicybindings: of(definitions),
      validatingadmissionpolicies: of(definitions),
      validatingadmissionpolicybindings: of(definitions),
    },
  },
  'apiextensions.k8s.io': { cluster: { customresourcedefinitions: of(definitions) } },
  'apiregistration.k8s.io': { cluster: { apiservices: of(definitions) } },
  'metrics.k8s.io': {
    namespaced: { pods: of({ get: read, list: read }) },
    cluster: { nodes: of({ get: read, list: read }) },
  },
  'authentication.k8s.io': {
    cluster: { tokenreviews: { ...of(asking), own: true }, selfsubjectreviews: { ...of(asking), own: true } },
  },
  'authorization.k8s.io': {
    namespaced: { localsubjectaccessreviews: of(asking) },
    cluster: {
      subjectaccessreviews: of(asking),
      selfsubjectaccessreviews: { ...of(asking), own: true },
      selfsubjectrulesreviews: { ...of(asking), own: true },
    },
  },
};

/** All that Kubernetes brings itself (1.20 to 1.34) and that is known here, by `resource.group`, or `resource` alone in the core group. */
export const builtIns: ReadonlyMap<string, BuiltIn> = new Map(
  Object.entries(groups).flatMap(([group, { namespaced = {}, cluster: wide = {} }]) => [
    ...Object.entries(namespaced).map(([name, entry]) => [nameOf(name, group), complete(entry, true)] as const),
    ...Object.entries(wide).map(([name, entry]) => [nameOf(name, group), complete(entry, false)] as const),
  ]),
);

/** As resources are written everywhere: `deployments.apps`, `pods`. */
export function nameOf(resource: string, group: string): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function complete({ meanings, subresources = {}, secret = false, own = false }: Entry, namespaced: boolean): BuiltIn {
  const { get, update } = meanings;
  const status =
    secret || update === undefined || get === undefined ? {} : { status: { get, ...changes(statusOf(update)) } };
  return { namespaced, meanings, subresources: { ...status, ...subresources }, secret, own };
}

/** `status` is written by controllers. Faking what controllers say is never less than administering, and no less than changing the object itself. */
function statusOf(change: Meaning): Meaning {
  return change.verb === 'write' ? meaning('administer') : change;
}
