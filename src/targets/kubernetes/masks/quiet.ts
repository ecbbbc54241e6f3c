/** What holds no data of anybody's: names and numbers that the API server checks or makes itself. Detectors would only take them for something else. */
export const quietPaths = [
  ...['apiVersion', 'kind', 'metadata.continue'],
  ...['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'selfLink', 'creationTimestamp'].map(
    (name) => `metadata.${name}`,
  ),
  ...['deletionTimestamp', 'ownerReferences'].map((name) => `metadata.${name}`),
];

/** Of any object that Kubernetes brings itself, at any depth. */
export const quietNames = [
  ...['uid', 'resourceVersion', 'nodeName', 'serviceAccountName', 'serviceAccount', 'schedulerName', 'volumeName'],
  ...['image', 'imageID', 'containerID', 'mountPath', 'terminationMessagePath', 'podIP', 'podIPs', 'hostIP', 'hostIPs'],
  ...['clusterIP', 'clusterIPs', 'externalIPs', 'loadBalancerIP', 'podCIDR', 'podCIDRs', 'ip', 'cidr', 'caBundle'],
  ...['addresses', 'lastTransitionTime', 'lastProbeTime', 'lastUpdateTime', 'startedAt', 'finishedAt', 'startTime'],
  ...['machineID', 'systemUUID', 'bootID', 'names', 'providerID', 'observedGeneration', 'restartPolicy'],
];
