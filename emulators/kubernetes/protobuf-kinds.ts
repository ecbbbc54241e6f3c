/**
 * Which kinds kubectl sends as protobuf, by the numbers of their fields (k8s.io/api, generated.proto): `name:type`, where a type is a
 * scalar, `[]` before it a list, `{}` a map from text, or the name of another message.
 */
export const messages: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  Time: { 1: 'seconds:int', 2: 'nanos:int' },
  ObjectMeta: {
    ...{ 1: 'name:text', 2: 'generateName:text', 3: 'namespace:text', 5: 'uid:text', 6: 'resourceVersion:text' },
    ...{ 8: 'creationTimestamp:Time', 11: 'labels:{}text', 12: 'annotations:{}text', 14: 'finalizers:[]text' },
  },
  LocalObjectReference: { 1: 'name:text' },
  ObjectReference: { 1: 'kind:text', 2: 'namespace:text', 3: 'name:text', 4: 'uid:text', 5: 'apiVersion:text' },
  Secret: { 1: 'metadata:ObjectMeta', 2: 'data:{}bytes', 3: 'type:text', 4: 'stringData:{}text', 5: 'immutable:bool' },
  ConfigMap: { 1: 'metadata:ObjectMeta', 2: 'data:{}text', 3: 'binaryData:{}bytes', 4: 'immutable:bool' },
  ServiceAccount: {
    ...{ 1: 'metadata:ObjectMeta', 2: 'secrets:[]ObjectReference' },
    ...{ 3: 'imagePullSecrets:[]LocalObjectReference', 4: 'automountServiceAccountToken:bool' },
  },
  Namespace: { 1: 'metadata:ObjectMeta', 2: 'spec:NamespaceSpec' },
  NamespaceSpec: { 1: 'finalizers:[]text' },
  SelfSubjectAccessReview: { 1: 'metadata:ObjectMeta', 2: 'spec:SelfSubjectAccessReviewSpec' },
  SelfSubjectAccessReviewSpec: {
    1: 'resourceAttributes:ResourceAttributes',
    2: 'nonResourceAttributes:NonResourceAttributes',
  },
  ResourceAttributes: {
    ...{ 1: 'namespace:text', 2: 'verb:text', 3: 'group:text', 4: 'version:text', 5: 'resource:text' },
    ...{ 6: 'subresource:text', 7: 'name:text' },
  },
  NonResourceAttributes: { 1: 'path:text', 2: 'verb:text' },
  SelfSubjectRulesReview: { 1: 'metadata:ObjectMeta', 2: 'spec:SelfSubjectRulesReviewSpec' },
  SelfSubjectRulesReviewSpec: { 1: 'namespace:text' },
  SelfSubjectReview: { 1: 'metadata:ObjectMeta' },
  TokenRequest: { 1: 'metadata:ObjectMeta', 2: 'spec:TokenRequestSpec' },
  TokenRequestSpec: { 1: 'audiences:[]text', 4: 'expirationSeconds:int' },
  PolicyRule: {
    ...{ 1: 'verbs:[]text', 2: 'apiGroups:[]text', 3: 'resources:[]text', 4: 'resourceNames:[]text' },
    ...{ 5: 'nonResourceURLs:[]text' },
  },
  Role: { 1: 'metadata:ObjectMeta', 2: 'rules:[]PolicyRule' },
  ClusterRole: { 1: 'metadata:ObjectMeta', 2: 'rules:[]PolicyRule' },
  Subject: { 1: 'kind:text', 2: 'apiGroup:text', 3: 'name:text', 4: 'namespace:text' },
  RoleRef: { 1: 'apiGroup:text', 2: 'kind:text', 3: 'name:text' },
  RoleBinding: { 1: 'metadata:ObjectMeta', 2: 'subjects:[]Subject', 3: 'roleRef:RoleRef' },
  ClusterRoleBinding: { 1: 'metadata:ObjectMeta', 2: 'subjects:[]Subject', 3: 'roleRef:RoleRef' },
  LabelSelector: { 1: 'matchLabels:{}text' },
  EnvVar: { 1: 'name:text', 2: 'value:text' },
  ContainerPort: { 1: 'name:text', 2: 'hostPort:int', 3: 'containerPort:int', 4: 'protocol:text', 5: 'hostIP:text' },
  Container: {
    ...{ 1: 'name:text', 2: 'image:text', 3: 'command:[]text', 4: 'args:[]text', 5: 'workingDir:text' },
    ...{ 6: 'ports:[]ContainerPort', 7: 'env:[]EnvVar', 14: 'imagePullPolicy:text' },
  },
  PodSpec: {
    ...{ 2: 'containers:[]Container', 3: 'restartPolicy:text', 6: 'dnsPolicy:text', 8: 'serviceAccountName:text' },
    ...{ 9: 'serviceAccount:text', 10: 'nodeName:text' },
  },
  PodTemplateSpec: { 1: 'metadata:ObjectMeta', 2: 'spec:PodSpec' },
  Pod: { 1: 'metadata:ObjectMeta', 2: 'spec:PodSpec' },
  Deployment: { 1: 'metadata:ObjectMeta', 2: 'spec:DeploymentSpec' },
  DeploymentStrategy: { 1: 'type:text' },
  DeploymentSpec: {
    ...{
      1: 'replicas:count',
      2: 'selector:LabelSelector',
      3: 'template:PodTemplateSpec',
      4: 'strategy:DeploymentStrategy',
    },
    ...{ 6: 'revisionHistoryLimit:count', 9: 'progressDeadlineSeconds:count' },
  },
  Job: { 1: 'metadata:ObjectMeta', 2: 'spec:JobSpec' },
  JobSpec: {
    ...{ 1: 'parallelism:count', 2: 'completions:count', 4: 'selector:LabelSelector', 6: 'template:PodTemplateSpec' },
    ...{ 7: 'backoffLimit:count' },
  },
  CronJob: { 1: 'metadata:ObjectMeta', 2: 'spec:CronJobSpec' },
  CronJobSpec: { 1: 'schedule:text', 3: 'concurrencyPolicy:text', 4: 'suspend:bool', 5: 'jobTemplate:JobTemplateSpec' },
  JobTemplateSpec: { 1: 'metadata:ObjectMeta', 2: 'spec:JobSpec' },
  Service: { 1: 'metadata:ObjectMeta', 2: 'spec:ServiceSpec' },
  ServiceSpec: {
    ...{
      1: 'ports:[]ServicePort',
      2: 'selector:{}text',
      3: 'clusterIP:text',
      4: 'type:text',
      7: 'sessionAffinity:text',
    },
    ...{ 10: 'externalName:text' },
  },
  ServicePort: { 1: 'name:text', 2: 'protocol:text', 3: 'port:int', 4: 'targetPort:IntOrString', 5: 'nodePort:int' },
  IntOrString: { 1: 'type:int', 2: 'number:int', 3: 'text:text' },
  Eviction: { 1: 'metadata:ObjectMeta', 2: 'deleteOptions:DeleteOptions' },
  DeleteOptions: {
    ...{
      1: 'gracePeriodSeconds:count',
      2: 'preconditions:Preconditions',
      4: 'propagationPolicy:text',
      5: 'dryRun:[]text',
    },
  },
  Preconditions: { 1: 'uid:text', 2: 'resourceVersion:text' },
  Unknown: { 1: 'typeMeta:TypeMeta', 2: 'raw:bytes', 3: 'contentEncoding:text', 4: 'contentType:text' },
  TypeMeta: { 1: 'apiVersion:text', 2: 'kind:text' },
};
