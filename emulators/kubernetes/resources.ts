/** One kind of object that the server keeps, or answers about. */
export type Resource = {
  group: string;
  version: string;
  /** Plural, as in paths. */
  name: string;
  kind: string;
  singular: string;
  namespaced: boolean;
  shortNames: readonly string[];
  categories: readonly string[];
  verbs: readonly string[];
  subresources: readonly Subresource[];
  /** Defined by a CustomResourceDefinition: items of its lists name their kind, and no strategic patch is known. */
  custom?: boolean;
};

type Subresource = { name: string; group: string; version: string; kind: string; verbs: readonly string[] };

const every = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const asked = ['create'];
const changed = ['get', 'patch', 'update'];

type Subresources = Readonly<
  Record<string, readonly [kind: string, verbs: readonly string[], group?: string, version?: string]>
>;
type Details = Partial<Pick<Resource, 'shortNames' | 'categories' | 'verbs'>> & { subresources?: Subresources };

const all = ['all'];
const status = (kind: string): Subresources => ({ status: [kind, changed] });
const scale: Subresources = { scale: ['Scale', changed, 'autoscaling', 'v1'] };

/** What is built in, by group and version: `~` before a name says that it belongs to no namespace. */
const builtIn: Record<string, Record<string, readonly [kind: string, details?: Details]>> = {
  v1: {
    configmaps: ['ConfigMap', { shortNames: ['cm'] }],
    endpoints: ['Endpoints', { shortNames: ['ep'] }],
    events: ['Event', { shortNames: ['ev'] }],
    limitranges: ['LimitRange', { shortNames: ['limits'] }],
    '~namespaces': [
      'Namespace',
      {
        shortNames: ['ns'],
        verbs: every.filter((verb) => verb !== 'deletecollection'),
        subresources: status('Namespace'),
      },
    ],
    '~nodes': ['Node', { shortNames: ['no'], subresources: status('Node') }],
    persistentvolumeclaims: ['PersistentVolumeClaim', { shortNames: ['pvc'] }],
    '~persistentvolumes': ['PersistentVolume', { shortNames: ['pv'] }],
    pods: [
      'Pod',
      {
        shortNames: ['po'],
        categories: all,
        subresources: {
          attach: ['PodAttachOptions', ['create', 'get']],
          ephemeralcontainers: ['Pod', changed],
          eviction: ['Eviction', asked, 'policy', 'v1'],
          exec: ['PodExecOptions', ['create', 'get']],
          log: ['Pod', ['get']],
          portforward: ['PodPortForwardOptions', ['create', 'get']],
          ...status('Pod'),
        },
      },
    ],
    replicationcontrollers: ['ReplicationController', { shortNames: ['rc'], categories: all }],
    resourcequotas: ['ResourceQuota', { shortNames: ['quota'] }],
    secrets: ['Secret'],
    serviceaccounts: [
      'ServiceAccount',
      { shortNames: ['sa'], subresources: { token: ['TokenRequest', asked, 'authentication.k8s.io', 'v1'] } },
    ],
    services: ['Service', { shortNames: ['svc'], categories: all, subresources: status('Service') }],
  },
  'apps/v1': {
    controllerrevisions: ['ControllerRevision'],
    daemonsets: ['DaemonSet', { shortNames: ['ds'], categories: all, subresources: status('DaemonSet') }],
    deployments: [
      'Deployment',
      { shortNames: ['deploy'], categories: all, subresources: { ...scale, ...status('Deployment') } },
    ],
    replicasets: [
      'ReplicaSet',
      { shortNames: ['rs'], categories: all, subresources: { ...scale, ...status('ReplicaSet') } },
    ],
    statefulsets: [
      'StatefulSet',
      { shortNames: ['sts'], categories: all, subresources: { ...scale, ...status('StatefulSet') } },
    ],
  },
  'authentication.k8s.io/v1': {
    '~selfsubjectreviews': ['SelfSubjectReview', { verbs: asked }],
    '~tokenreviews': ['TokenReview', { verbs: asked }],
  },
  'authorization.k8s.io/v1': {
    localsubjectaccessreviews: ['LocalSubjectAccessReview', { verbs: asked }],
    '~selfsubjectaccessreviews': ['SelfSubjectAccessReview', { verbs: asked }],
    '~selfsubjectrulesreviews': ['SelfSubjectRulesReview', { verbs: asked }],
    '~subjectaccessreviews': ['SubjectAccessReview', { verbs: asked }],
  },
  'autoscaling/v2': {
    horizontalpodautoscalers: ['HorizontalPodAutoscaler', { shortNames: ['hpa'], categories: all }],
  },
  'batch/v1': {
    cronjobs: ['CronJob', { shortNames: ['cj'], categories: all, subresources: status('CronJob') }],
    jobs: ['Job', { categories: all, subresources: status('Job') }],
  },
  'networking.k8s.io/v1': {
    ingresses: ['Ingress', { shortNames: ['ing'], subresources: status('Ingress') }],
    networkpolicies: ['NetworkPolicy', { shortNames: ['netpol'] }],
  },
  'policy/v1': {
    poddisruptionbudgets: ['PodDisruptionBudget', { shortNames: ['pdb'] }],
  },
  'rbac.authorization.k8s.io/v1': {
    '~clusterrolebindings': ['ClusterRoleBinding'],
    '~clusterroles': ['ClusterRole'],
    rolebindings: ['RoleBinding'],
    roles: ['Role'],
  },
  'apiextensions.k8s.io/v1': {
    '~customresourcedefinitions': ['CustomResourceDefinition', { shortNames: ['crd', 'crds'] }],
  },
  'coordination.k8s.io/v1': {
    leases: ['Lease'],
  },
  'discovery.k8s.io/v1': {
    endpointslices: ['EndpointSlice'],
  },
};

export const builtInResources: readonly Resource[] = Object.entries(builtIn).flatMap(([groupVersion, kinds]) => {
  const [group = '', version = ''] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion];
  return Object.entries(kinds).map(([path, [kind, details = {}]]): Resource => {
    const { shortNames = [], categories = [], verbs = every, subresources = {} } = details;
    const name = path.replace('~', '');
    return {
      ...{ group, version, name, kind, singular: kind.toLowerCase(), namespaced: path === name },
      ...{ shortNames, categories, verbs },
      subresources: Object.entries(subresources).map(([sub, [subKind, subVerbs, subGroup, subVersion]]) => ({
        ...{ name: sub, kind: subKind, verbs: subVerbs, group: subGroup ?? group, version: subVersion ?? version },
      })),
    };
  });
});

export function groupVersionOf({ group, version }: { group: string; version: string }): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `pods`, `deployments.apps`: how the server names a resource in its messages. */
export function qualified({ group, name }: Pick<Resource, 'group' | 'name'>): string {
  return group === '' ? name : `${name}.${group}`;
}
