import {
  type Act,
  isSuspicious,
  type JsonMask,
  type Rule,
  readPath,
  ruleOf,
  secretWords,
} from '../../../masking/masking.ts';
import { secretsByPlace } from '../../../shell/shell.ts';
import type { RequestInfo } from '../request-info.ts';
import { quietNames, quietPaths } from './quiet.ts';
import { CREDENTIAL, sentinel } from './sentinel.ts';

export type ObjectRule = Rule<JsonMask>;

/** How texts are rewritten that are no values of their own. */
export type Rewriting = {
  /** A copy of an object, as JSON. */
  copy: (text: string) => string;
  /** What may be a copy of an object, or hold assignments. */
  annotation: (text: string) => string;
  /** A file, a command, an environment: whatever may be configuration. */
  config: (text: string) => string;
  /** What the server says, of what it was sent. */
  message: (text: string) => string;
  /** What goes on in the cluster, as controllers and programs tell it. */
  report: (text: string) => string;
};

const mask = (path: string, base64 = false): Extract<Act<JsonMask>, { do: 'mask' }> => ({
  do: 'mask',
  mask: { path, class: CREDENTIAL, transform: 'redact', ...(base64 && { base64 }) },
});
const rule = (path: string, act: Act<JsonMask>): ObjectRule => ruleOf(path === '' ? [] : readPath(path), act);
const masking = (path: string, base64 = false) => rule(path, mask(path, base64));

/** Groups whose objects are Kubernetes' own, of a form that is known. */
export function isBuiltIn({ group }: Pick<RequestInfo, 'group'>): boolean {
  return !group.includes('.') || (group.endsWith('.k8s.io') && !group.endsWith('.x-k8s.io'));
}

/** A name that says by itself that it holds a secret, in any object: `key` alone says too little. */
const tells = (name: string) => isSuspicious(name) && !/^keys?$/i.test(name);

/** Members of such names, if they are values or lists of values, or objects that hold their value. */
export const byName: readonly ObjectRule[] = [
  { steps: [{ to: 'deep' }, { to: 'named', passes: tells }], act: { ...mask('**.password'), own: true } },
  ...['value', 'plain', 'data'].map((name) => ({
    steps: [{ to: 'deep' }, { to: 'named', passes: tells }, { to: 'key', name }] as const,
    act: mask(`**.password.${name}`),
  })),
];

const whole = [masking('value')];
const none: readonly ObjectRule[] = [];

const headers = /^(?:proxy-)?authorization$|cookie|token|secret|key|password|auth$/i;

/** One rule for each place in a list, made when it is first needed. */
const words: ObjectRule[] = [];
function wordAt(index: number): ObjectRule {
  const known = words[index] ?? (index > 900 ? masking('[*]') : masking(`[${index}]`));
  words[index] = known;
  return known;
}

function commandRules(texts: readonly (string | undefined)[]): readonly ObjectRule[] {
  const command = texts.map((text) => text ?? '');
  const indexes = new Set([...secretWords(command), ...secretsByPlace(command).map(({ index }) => index)]);
  return [...indexes].map(wordAt);
}

/** What may be configuration, or hold a login. */
const texts = [
  '**.env[*].value',
  '**.command[*]',
  '**.args[*]',
  '**.url',
  '**.mountOptions[*]',
  '**.repository',
].concat('**.httpGet.path');

/** What holds in every object, whatever its kind: containers stand in many. */
export function everywhere({ config }: Rewriting): readonly ObjectRule[] {
  const pairs = (path: string, passes: (name: string) => boolean): ObjectRule =>
    rule(path, { do: 'peek', name: 'name', choose: (names) => (names.some(passes) ? whole : none) });
  return [
    pairs('**.env[*]', isSuspicious),
    pairs('**.httpHeaders[*]', (name) => headers.test(name)),
    ...texts.map((path) => rule(path, { do: 'rewrite', rewrite: config })),
    ...['**.command', '**.args'].map((path) => rule(path, { do: 'list', choose: commandRules })),
  ];
}

const lastApplied = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'kapp.k14s.io/original',
  'objectset.rio.cattle.io/applied',
  'banzaicloud.com/last-applied',
];

/** Where metadata stand in what Kubernetes itself brings: of the object, and of what is made from it. */
const ownMetadata = [
  'metadata',
  'template.metadata',
  'spec.template.metadata',
  'spec.jobTemplate.metadata',
  'spec.jobTemplate.spec.template.metadata',
  'spec.volumeClaimTemplates[*].metadata',
  'data.spec.template.metadata',
];

function annotationRules(metadata: string, { copy, annotation }: Rewriting): readonly ObjectRule[] {
  return [
    ...lastApplied.map((name) =>
      rule(`${metadata}.annotations[${JSON.stringify(name)}]`, { do: 'rewrite', rewrite: copy }),
    ),
    rule(`${metadata}.annotations.*`, { do: 'rewrite', rewrite: annotation }),
    {
      steps: [...readPath(`${metadata}.annotations`), { to: 'deep' }, { to: 'named', passes: tells }],
      act: mask(`${metadata}.annotations.password`),
    },
  ];
}

/** What holds in every object that is served, relative to it. */
function ofEveryObject(info: RequestInfo, rewriting: Rewriting): readonly ObjectRule[] {
  const { message, report } = rewriting;
  const metadata = isBuiltIn(info) ? ownMetadata : ['**.metadata'];
  return [
    ...quietPaths.map((path) => rule(path, { do: 'quiet' })),
    ...metadata.flatMap((path) => annotationRules(path, rewriting)),
    rule('message', { do: 'rewrite', rewrite: info.resource === 'events' ? report : message }),
    rule('details.causes[*].message', { do: 'rewrite', rewrite: message }),
    ...['note', 'status.**.message'].map((path) => rule(path, { do: 'rewrite', rewrite: report })),
  ];
}

/** Custom resources hold what they like: pairs of any list, and configuration in any text of what is asked for. */
function ofUnknownForm({ config }: Rewriting): readonly ObjectRule[] {
  return [
    ...['name', 'key'].map((name) =>
      rule('*.**[*]', { do: 'peek', name, choose: (names) => (names.some(tells) ? whole : none) }),
    ),
    rule('spec', { do: 'rewrite', rewrite: config }),
  ];
}

const secrets = [masking('data.*', true), masking('stringData.*')];

function configMaps({ config }: Rewriting): readonly ObjectRule[] {
  const named = (name: string, base64: boolean): ObjectRule => ({
    steps: [
      { to: 'key', name },
      { to: 'named', passes: isSuspicious },
    ],
    act: mask(`${name}.password`, base64),
  });
  return [named('data', false), named('binaryData', true), rule('data.*', { do: 'rewrite', rewrite: config })];
}

/** Where drivers and classes take settings of any name. */
const parameters: readonly ObjectRule[] = ['**.volumeAttributes', '**.options', 'parameters', 'spec.parameters'].map(
  (path) => ({
    steps: [...readPath(path), { to: 'named', passes: tells }],
    act: mask(`${path}.password`),
  }),
);

/** By kind of what an object says it is: for copies and nested lists, where no URL says so. */
export function ofKind(rewriting: Rewriting): (kinds: readonly string[]) => readonly ObjectRule[] {
  const ofConfigMaps = configMaps(rewriting);
  const both = [...secrets, ...ofConfigMaps];
  return (kinds) => {
    const isSecret = kinds.includes('Secret');
    if (kinds.includes('ConfigMap')) return isSecret ? both : ofConfigMaps;
    return isSecret ? secrets : none;
  };
}

/** What is masked in an object of this resource, relative to the object. */
export function objectRules(info: RequestInfo, rewriting: Rewriting): readonly ObjectRule[] {
  const rules = [...ofEveryObject(info, rewriting), ...parameters];
  if (!isBuiltIn(info))
    return [...rules, ...byName, ...ofUnknownForm(rewriting), rule('metadata.managedFields', managed)];
  rules.push(rule('metadata.managedFields', { do: 'leave' }));
  if (info.group === '' && info.resource === 'secrets') return [...rules, ...secrets];
  if (info.group === '' && info.resource === 'configmaps') return [...rules, ...configMaps(rewriting)];
  if (info.resource === 'controllerrevisions') return [...rules, ...byName];
  if (info.group === 'certificates.k8s.io') rules.push(...['spec.request', 'status.certificate'].map(quiet));
  return [...rules, quietBelow];
}

const quiet = (path: string) => rule(path, { do: 'quiet' });
const quietParts = ['spec', 'status', 'subsets', 'endpoints', 'involvedObject', 'regarding', 'related', 'webhooks'];
const quietBelow: ObjectRule = {
  steps: [{ to: 'oneOf', names: new Set(quietParts) }, { to: 'deep' }, { to: 'oneOf', names: new Set(quietNames) }],
  act: { do: 'quiet' },
};

/** Fields are told by their names, but the elements of sets by their values. */
const managed: Act<JsonMask> = {
  do: 'rewrite',
  rewrite: (text) => (text.startsWith('v:') ? `v:"${sentinel(CREDENTIAL)}"` : text),
};

/** What a token request is answered with: never seen by anybody. */
export const tokenRule = masking('status.token');

/** The same rules for what stands deeper. */
export function below(path: string, rules: readonly ObjectRule[]): readonly ObjectRule[] {
  const before = readPath(path);
  return rules.map(({ steps, act }) => ({ steps: [...before, ...steps], act }));
}
