import { at, isObject, type Json, type JsonObject, listAt, objectAt, textAt } from '../json.ts';
import { judgeContainer } from './containers.ts';
import { credential, type Finding, privilege, when } from './finding.ts';
import { judgeVolume } from './volumes.ts';

/** The specification of Pods somewhere in an object, and what stands beside it in its metadata. */
type PodSpec = { path: string; spec: JsonObject };

/**
 * What the Pods of an object could do beyond themselves: to their node, with credentials of others, as another account (Pod Security
 * Standards, and what they leave out). Pod specifications are found wherever they stand, so those of custom workloads are judged, too.
 */
export function judgePods(object: Json): Finding[] {
  return podSpecsIn(object).flatMap(({ path, spec }) => judgePod(spec, path));
}

/** Every specification of Pods, by where it stands; for telling whether any of them changed. */
export function podSpecsIn(value: Json, path = ''): readonly PodSpec[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => podSpecsIn(item, `${path}[${index}]`));
  if (!isObject(value)) return [];
  const isOne = ['containers', 'initContainers', 'ephemeralContainers'].some((name) => isListOfObjects(value[name]));
  if (isOne) return [{ path: path === '' ? 'the object' : path, spec: value }];
  return Object.entries(value).flatMap(([name, member]) => podSpecsIn(member, path === '' ? name : `${path}.${name}`));
}

const isListOfObjects = (value: Json) => Array.isArray(value) && value.some(isObject);

function judgePod(spec: JsonObject, path: string): Finding[] {
  const inPath = (finding: Finding): Finding => ({ ...finding, says: `${finding.says} (${path})` });
  const containers = [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')].flatMap(judgeContainer);
  const added = listAt(spec, 'ephemeralContainers').flatMap((container) => [
    privilege(`the program ${textAt(container, 'name')} joins a running Pod`),
    ...judgeContainer(container),
  ]);
  return [
    ...ofTheHost(spec),
    ...ofTheAccount(spec),
    ...ofThePlace(spec),
    ...listAt(spec, 'volumes').flatMap(judgeVolume),
    ...containers,
    ...added,
  ].map(inPath);
}

function ofTheHost(spec: JsonObject): Finding[] {
  const shared = ['hostPID', 'hostIPC', 'hostNetwork'].filter((name) => spec[name] === true);
  const context = objectAt(spec, 'securityContext');
  return [
    ...shared.map((name) => privilege(`it shares its node’s ${name.slice('host'.length)} namespace (${name})`)),
    ...when(context['runAsUser'] === 0, privilege('it runs as root (runAsUser 0)')),
    ...when(at(context, 'windowsOptions', 'hostProcess') === true, privilege('it is a process of its Windows node')),
    ...when(textAt(context, 'seccompProfile', 'type') === 'Unconfined', privilege('no seccomp profile confines it')),
    ...when(textAt(context, 'appArmorProfile', 'type') === 'Unconfined', privilege('no AppArmor profile confines it')),
    ...when('seLinuxOptions' in context, privilege('it sets SELinux options')),
    ...listAt(context, 'sysctls').map((sysctl) => privilege(`it sets the sysctl ${textAt(sysctl, 'name')}`)),
    ...when(listAt(spec, 'resourceClaims').length > 0, privilege('it claims devices (resourceClaims)')),
  ];
}

function ofTheAccount(spec: JsonObject): Finding[] {
  const account = textAt(spec, 'serviceAccountName') || textAt(spec, 'serviceAccount');
  const priority = textAt(spec, 'priorityClassName');
  return [
    ...when(
      account !== '' && account !== 'default',
      privilege(`it acts as the service account ${account}, and may do whatever that may`),
    ),
    ...when(spec['automountServiceAccountToken'] === true, credential('it asks for the token of its service account')),
    ...when(priority.startsWith('system-'), privilege(`it displaces other Pods (priority class ${priority})`)),
  ];
}

const controlPlane = /^node-role\.kubernetes\.io\/(control-plane|master)$/;

function ofThePlace(spec: JsonObject): Finding[] {
  const node = textAt(spec, 'nodeName');
  const selected = [...Object.keys(objectAt(spec, 'nodeSelector')), ...affinityKeys(spec)];
  return [
    ...when(node !== '', privilege(`it is put on the node ${node}, past the scheduler`)),
    ...when(
      selected.some((key) => controlPlane.test(key)),
      privilege('it asks for nodes of the control plane'),
    ),
    ...when(
      selected.includes('kubernetes.io/hostname') || 'metadata.name' in fieldsOf(spec),
      privilege('it asks for a certain node'),
    ),
    ...listAt(spec, 'tolerations').flatMap(judgeToleration),
  ];
}

function judgeToleration(toleration: Json): Finding[] {
  const key = textAt(toleration, 'key');
  const onAll = key === '' && textAt(toleration, 'operator') === 'Exists';
  return [
    ...when(onAll, privilege('it may be put on any node, whatever keeps others away')),
    ...when(controlPlane.test(key), privilege('it may be put on nodes of the control plane')),
  ];
}

const nodeTerms = (spec: JsonObject): readonly Json[] => {
  const affinity = objectAt(spec, 'affinity', 'nodeAffinity');
  return [
    ...listAt(affinity, 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms'),
    ...listAt(affinity, 'preferredDuringSchedulingIgnoredDuringExecution').map((term) => at(term, 'preference')),
  ];
};

function affinityKeys(spec: JsonObject): string[] {
  return nodeTerms(spec).flatMap((term) => listAt(term, 'matchExpressions').map((one) => textAt(one, 'key')));
}

function fieldsOf(spec: JsonObject): JsonObject {
  const keys = nodeTerms(spec).flatMap((term) => listAt(term, 'matchFields').map((one) => textAt(one, 'key')));
  return Object.fromEntries(keys.map((key) => [key, true]));
}
