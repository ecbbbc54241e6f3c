import { isObject, type Json, type JsonObject, mapTexts, objectAt, textAt } from '../json.ts';

/** Of `metadata`: what the server alone says, and says anew each time. */
const volatile = [
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'managedFields',
  'selfLink',
];

/** Annotations that controllers write. */
const volatileAnnotations = ['deployment.kubernetes.io/revision', 'control-plane.alpha.kubernetes.io/leader'];

/**
 * The object without what differs from one try to the next though the same is asked for: what the server numbers, times and draws, and
 * the status that controllers report. Two tries that come to the same are equal. `isStatus`: the status is what the request is about.
 */
export function settled(object: Json, { isStatus = false } = {}): Json {
  if (!isObject(object)) return object;
  const { status, ...rest } = object;
  const uid = textAt(object, 'metadata', 'uid');
  const metadata = settledMetadata(objectAt(object, 'metadata'));
  const kept = { ...rest, metadata, ...(isStatus && status !== undefined && { status }) };
  const drawn = drawnIn(object, uid);
  return mapTexts(withoutAddresses(kept), (text) =>
    tokenVolume.test(text) ? 'kube-api-access-«drawn»' : (drawn.get(text) ?? text),
  );
}

function settledMetadata(metadata: JsonObject): JsonObject {
  const kept = Object.fromEntries(Object.entries(metadata).filter(([name]) => !volatile.includes(name)));
  const annotations = Object.entries(objectAt(metadata, 'annotations')).filter(
    ([key]) => !volatileAnnotations.includes(key),
  );
  const { annotations: _, ...others } = kept;
  return annotations.length === 0 ? others : { ...others, annotations: Object.fromEntries(annotations) };
}

/** Texts that the server draws for this one object, and what stands for them. */
function drawnIn(object: JsonObject, uid: string): ReadonlyMap<string, string> {
  const prefix = textAt(object, 'metadata', 'generateName');
  const name = textAt(object, 'metadata', 'name');
  const drawn = new Map<string, string>();
  if (uid !== '') drawn.set(uid, '«uid»');
  if (prefix !== '' && name.startsWith(prefix) && name.length === prefix.length + 5)
    drawn.set(name, `${prefix}«drawn»`);
  return drawn;
}

/** Names that the server gives to the volume with a Pod's own token. */
const tokenVolume = /^kube-api-access-[a-z0-9]{5}$/;

/** A Service's addresses and ports on nodes are drawn where nobody asked for certain ones; what was asked for stands in the request. */
function withoutAddresses(object: JsonObject): JsonObject {
  if (object['kind'] !== 'Service') return object;
  const { clusterIP, clusterIPs, healthCheckNodePort, ...spec } = objectAt(object, 'spec');
  const ports = spec['ports'];
  return {
    ...object,
    spec: {
      ...spec,
      ...(clusterIP === 'None' && { clusterIP }),
      ...(Array.isArray(ports) && { ports: ports.map(withoutNodePort) }),
    },
  };
}

function withoutNodePort(port: Json): Json {
  if (!isObject(port)) return port;
  const { nodePort, ...rest } = port;
  return rest;
}
