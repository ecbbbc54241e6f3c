import { describe, expect, test } from 'vitest';
import { judge, risksOf } from '../../../../src/targets/kubernetes/judge/judge.ts';

const info = (resource: string, group = '', more = {}) => ({
  resource,
  group,
  namespace: 'team-a',
  name: 'x',
  ...more,
});
const pods = info('pods');
const deployments = info('deployments', 'apps');

const aContainer = { name: 'c', image: 'nginx' };
const aPod = (spec: object = {}, container: object = {}) => ({
  kind: 'Pod',
  metadata: { name: 'x' },
  spec: { containers: [{ ...aContainer, ...container }], ...spec },
});
const aDeployment = (spec: object = {}, container: object = {}, template: object = {}) => ({
  kind: 'Deployment',
  metadata: { name: 'x' },
  spec: { replicas: 1, template: { ...template, spec: aPod(spec, container).spec } },
});
const told = (change: Parameters<typeof judge>[0]) => judge(change).map(({ risk, says }) => `${risk}: ${says}`);

describe('a Pod', () => {
  test('that asks for nothing special is no risk', () => {
    const plain = aPod({
      serviceAccountName: 'default',
      securityContext: { runAsUser: 1000, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 'b', configMap: { name: 'cm' } },
        { name: 'c', persistentVolumeClaim: { claimName: 'data' } },
        {
          name: 'kube-api-access-x7k2p',
          projected: {
            sources: [
              { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
              { configMap: { name: 'kube-root-ca.crt' } },
              { downwardAPI: { items: [] } },
            ],
          },
        },
      ],
      tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }],
    });

    expect(told({ info: pods, after: plain })).toEqual([]);
  });

  test.each([
    ['privilege', 'hostPID', aPod({ hostPID: true })],
    ['privilege', 'hostIPC', aPod({ hostIPC: true })],
    ['privilege', 'hostNetwork', aPod({ hostNetwork: true })],
    ['privilege', 'root', aPod({ securityContext: { runAsUser: 0 } })],
    ['privilege', 'seccomp', aPod({ securityContext: { seccompProfile: { type: 'Unconfined' } } })],
    ['privilege', 'AppArmor', aPod({ securityContext: { appArmorProfile: { type: 'Unconfined' } } })],
    ['privilege', 'Windows', aPod({ securityContext: { windowsOptions: { hostProcess: true } } })],
    ['privilege', 'SELinux', aPod({ securityContext: { seLinuxOptions: { type: 'spc_t' } } })],
    ['privilege', 'kernel.msgmax', aPod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } })],
    ['privilege', 'devices', aPod({ resourceClaims: [{ name: 'gpu' }] })],
    ['privilege', 'service account builder', aPod({ serviceAccountName: 'builder' })],
    ['privilege', 'service account old', aPod({ serviceAccount: 'old' })],
    ['credential', 'token', aPod({ automountServiceAccountToken: true })],
    ['privilege', 'priority', aPod({ priorityClassName: 'system-node-critical' })],
    ['privilege', 'past the scheduler', aPod({ nodeName: 'n1' })],
    ['privilege', 'control plane', aPod({ nodeSelector: { 'node-role.kubernetes.io/control-plane': '' } })],
    ['privilege', 'certain node', aPod({ nodeSelector: { 'kubernetes.io/hostname': 'n1' } })],
    ['privilege', 'any node', aPod({ tolerations: [{ operator: 'Exists' }] })],
    ['privilege', 'control plane', aPod({ tolerations: [{ key: 'node-role.kubernetes.io/master' }] })],
    ['privilege', '/var/run of its node', aPod({ volumes: [{ name: 'v', hostPath: { path: '/var/run' } }] })],
    ['privilege', 'nfs', aPod({ volumes: [{ name: 'v', nfs: { server: 's', path: '/' } }] })],
    ['privilege', 'somethingNew', aPod({ volumes: [{ name: 'v', somethingNew: {} }] })],
    ['credential', 'Secret s1', aPod({ volumes: [{ name: 'v', secret: { secretName: 's1' } }] })],
    [
      'credential',
      'Secret s1',
      aPod({ volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 's1' } }] } }] }),
    ],
    [
      'credential',
      'token for vault',
      aPod({
        volumes: [
          {
            name: 'kube-api-access-abcde',
            projected: { sources: [{ serviceAccountToken: { audience: 'vault', path: 'token' } }] },
          },
        ],
      }),
    ],
    ['privilege', 'privileged', aPod({}, { securityContext: { privileged: true } })],
    ['privilege', 'allowPrivilegeEscalation', aPod({}, { securityContext: { allowPrivilegeEscalation: true } })],
    ['privilege', 'SYS_ADMIN', aPod({}, { securityContext: { capabilities: { add: ['SYS_ADMIN'] } } })],
    ['privilege', 'root', aPod({}, { securityContext: { runAsUser: 0 } })],
    ['privilege', 'procMount', aPod({}, { securityContext: { procMount: 'Unmasked' } })],
    ['privilege', 'port 80', aPod({}, { ports: [{ containerPort: 80, hostPort: 80 }] })],
    ['privilege', 'raw block', aPod({}, { volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] })],
    [
      'credential',
      'key password of Secret s1',
      aPod({}, { env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 's1', key: 'password' } } }] }),
    ],
    ['credential', 'all of Secret s1', aPod({}, { envFrom: [{ secretRef: { name: 's1' } }] })],
    ['privilege', 'privileged', aPod({ initContainers: [{ name: 'i', securityContext: { privileged: true } }] })],
    ['privilege', 'joins a running Pod', aPod({ ephemeralContainers: [{ name: 'debugger', image: 'busybox' }] })],
  ])('is a risk of %s for %s', (risk, word, after) => {
    expect(told({ info: pods, after })).toEqual([expect.stringMatching(new RegExp(`^${risk}: .*${word}`))]);
  });

  test.each([
    ['CronJob', { spec: { jobTemplate: { spec: { template: { spec: aPod({ hostPID: true }).spec } } } } }],
    ['PodTemplate', { template: { spec: aPod({ hostPID: true }).spec } }],
    ['Rollout of somebody else', { spec: { versions: [{ template: { spec: aPod({ hostPID: true }).spec } }] } }],
  ])('is judged within a %s', (_kind, after) => {
    expect(risksOf(judge({ info: info('things', 'example.com'), after }))).toEqual(['privilege']);
  });
});

describe('a workload that holds a Secret', () => {
  const holding = { envFrom: [{ secretRef: { name: 's1' } }] };

  test('may be scaled and labelled like any other', () => {
    const before = aDeployment({}, holding);
    const after = { ...before, metadata: { name: 'x', labels: { a: 'b' } }, spec: { ...before.spec, replicas: 5 } };

    expect(told({ info: deployments, before, after })).toEqual([]);
  });

  test('is a risk again once it runs another image', () => {
    const after = aDeployment({}, { ...holding, image: 'elsewhere/nginx' });

    expect(risksOf(judge({ info: deployments, before: aDeployment({}, holding), after }))).toEqual(['credential']);
  });
});

describe('an object', () => {
  test.each([
    ['services', '', { spec: { type: 'ExternalName', externalName: 'evil.example' } }, 'privilege', 'evil.example'],
    ['services', '', { spec: { type: 'ClusterIP', externalIPs: ['10.0.0.9'] } }, 'privilege', '10.0.0.9'],
    ['services', '', { spec: { type: 'NodePort' } }, 'privilege', 'every node'],
    ['services', '', { spec: { type: 'LoadBalancer' } }, 'cost', 'money'],
    ['endpoints', '', {}, 'privilege', 'Service leads'],
    ['ingresses', 'networking.k8s.io', { spec: { rules: [{ host: 'a.example' }] } }, 'privilege', 'a.example'],
    ['secrets', '', { type: 'kubernetes.io/service-account-token' }, 'credential', 'token'],
    [
      'serviceaccounts',
      '',
      { metadata: { annotations: { 'iam.gke.io/gcp-service-account': 'a' } } },
      'credential',
      'cloud',
    ],
    ['persistentvolumes', '', { spec: { capacity: {}, hostPath: { path: '/etc' } } }, 'privilege', '/etc of its node'],
    [
      'roles',
      'rbac.authorization.k8s.io',
      { rules: [{ verbs: ['*'], resources: ['secrets'] }] },
      'privilege',
      'among that: \\*, secrets',
    ],
    [
      'rolebindings',
      'rbac.authorization.k8s.io',
      { roleRef: { kind: 'ClusterRole', name: 'admin' }, subjects: [{ kind: 'User', name: 'eve' }] },
      'privilege',
      'ClusterRole admin to User eve',
    ],
    ['customresourcedefinitions', 'apiextensions.k8s.io', {}, 'schema', 'kind'],
    ['pods', '', { metadata: { annotations: { 'vault.hashicorp.com/agent-inject': 'true' } } }, 'credential', 'Vault'],
    [
      'pods',
      '',
      { metadata: { annotations: { 'sidecar.istio.io/inject': 'true' } } },
      'privilege',
      'programs into its Pods',
    ],
    [
      'namespaces',
      '',
      { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } },
      'privilege',
      'enforce',
    ],
  ])('among %s.%s is told for what it is', (resource, group, after, risk, word) => {
    expect(told({ info: info(resource, group), after })).toContainEqual(
      expect.stringMatching(new RegExp(`^${risk}: .*${word}`)),
    );
  });

  test('in the namespace of the cluster itself is a risk whatever it is', () => {
    const change = { info: info('configmaps', '', { namespace: 'kube-system' }), after: { data: {} } };

    expect(risksOf(judge(change))).toEqual(['privilege']);
  });

  test('whose finalizers are taken away leaves something behind', () => {
    const before = { metadata: { finalizers: ['a/b', 'c/d'] } };

    const findings = told({ info: info('configmaps'), before, after: { metadata: { finalizers: ['a/b'] } } });

    expect(findings).toEqual(['irreversible: what c/d should clean up is left behind']);
  });

  test('that gets another owner gets another end', () => {
    const after = { metadata: { ownerReferences: [{ kind: 'Pod', name: 'p1' }] } };

    expect(risksOf(judge({ info: info('configmaps'), before: { metadata: {} }, after }))).toEqual(['irreversible']);
  });

  test('whose template gets an annotation that injects programs is told for it', () => {
    const after = aDeployment({}, {}, { metadata: { annotations: { 'dapr.io/enabled': 'true' } } });

    expect(risksOf(judge({ info: deployments, before: aDeployment(), after }))).toEqual(['privilege']);
  });

  test('that takes much with it when it goes is told for it', () => {
    expect(risksOf(judge({ info: info('namespaces'), before: {} }))).toEqual(['irreversible', 'unbounded']);
    expect(risksOf(judge({ info: info('configmaps'), before: {} }))).toEqual([]);
  });
});
