import { type JsonMask, type JsonMasks, masksOf } from '../../../masking/masking.ts';
import type { Connection } from '../../../model/connection.ts';
import type { TokenKey } from '../../../model/seal.ts';
import type { RequestInfo } from '../request-info.ts';
import { createBecome } from './become.ts';
import { classifiedRules } from './classified.ts';
import { createRewriting } from './rewriting.ts';
import {
  below,
  byName,
  everywhere,
  isBuiltIn,
  type ObjectRule,
  objectRules,
  ofKind,
  type Rewriting,
  tokenRule,
} from './rules.ts';
import { CREDENTIAL, type SentinelFinder, sentinel, sentinelFinder } from './sentinel.ts';
import { tableRules } from './tables.ts';

export { maskLog } from './logs.ts';
export { isBuiltIn } from './rules.ts';
export { refuseSentinel } from './sentinel.ts';

/** What a request is about, and for whom. */
export type MasksFor = {
  info: RequestInfo;
  connection: Pick<Connection, 'classification' | 'transforms'>;
  /** Classes that stay in the clear for this identity. */
  unmask: readonly string[];
  tokenKey: TokenKey;
};

/** What is masked in the answers to a request, whatever they are: the object, a list, a Table, events of a watch, a Status, logs. */
export type KubernetesMasks = {
  /** By path within an object. */
  masks: readonly JsonMask[];
  /** Classes of data in what it is about: those that Kubernetes or the classification names. */
  classes: readonly string[];
  /** Of its answers: the object, a list, a Table, a Status; where it is a watch, each of its events. */
  json: JsonMasks;
  /** Of lines of a log. */
  report(text: string): string;
  /** Of what the server says in a header (`Warning`). */
  message(text: string): string;
  /** Whether a request's body holds what stands for a masked value. */
  holdsSentinel: SentinelFinder;
};

/** The masks of the answers to a request. Throws `policy-unavailable` where the connection's classification cannot be read. */
export function createMasks({ info, connection, unmask, tokenKey }: MasksFor): KubernetesMasks {
  const become = createBecome(tokenKey);
  const named = classifiedRules(info, connection, unmask);
  const isExempt = unmask.includes(CREDENTIAL);
  const { object, general, rewriting } = rulesOf({ info, named, isExempt, become });
  const table = tableRules(info, masksIn(named)[0], isExempt, rewriting.report);
  const inTable = [...table.rules, ...below('rows[*].object', object)];
  const token = info.subresource === 'token' ? [tokenRule] : [];
  const documents = [...token, ...object, ...below('items[*]', object), ...inTable];
  const events = info.verb === 'watch' ? below('object', [...object, ...inTable]) : [];

  return {
    masks: masksIn(object),
    classes: classesOf(info, named),
    json: masksOf([...documents, ...events, ...general], become),
    report: rewriting.report,
    message: rewriting.message,
    holdsSentinel: sentinelFinder([...connection.classification.values()].flatMap((paths) => [...paths.values()])),
  };
}

const masksIn = (rules: readonly ObjectRule[]) => rules.flatMap(({ act }) => (act.do === 'mask' ? [act.mask] : []));

function classesOf({ group, resource }: RequestInfo, named: readonly ObjectRule[]): readonly string[] {
  const isSecret = group === '' && resource === 'secrets';
  return [...new Set([...(isSecret ? [CREDENTIAL] : []), ...masksIn(named).map((mask) => mask.class)])].sort();
}

const anyMember = [{ to: 'member' }] as const;

type Ruling = {
  info: RequestInfo;
  named: readonly ObjectRule[];
  isExempt: boolean;
  become: ReturnType<typeof createBecome>;
};

/** Rules relative to an object, and those that hold in all of an answer. */
function rulesOf({ info, named, isExempt, become }: Ruling) {
  const rewriting: Rewriting = createRewriting({
    label: isExempt ? undefined : sentinel(CREDENTIAL),
    unread: sentinel(CREDENTIAL),
    closed: !isBuiltIn(info) || ['secrets', 'configmaps'].includes(info.resource),
    masks: {
      copy: lazily(() => masksOf([...object, ...general], become)),
      annotation: lazily(() => masksOf([...object, ...general, ...spared(byName), ...kinds], become)),
      config: lazily(() => masksOf([...general, ...spared(byName), ...kinds], become)),
    },
  });
  /** What is left of Kubernetes' own rules for who may see secrets. */
  const spared = (rules: readonly ObjectRule[]) =>
    isExempt ? rules.filter(({ act }) => act.do === 'rewrite' || act.do === 'quiet' || act.do === 'leave') : rules;
  const kinds = spared([{ steps: [{ to: 'deep' }], act: { do: 'peek', name: 'kind', choose: ofKind(rewriting) } }]);
  const general = spared(everywhere(rewriting));
  // Objects of other groups may hold whole Secrets; below their own members, so that no list is seen whole for it.
  const nested = isBuiltIn(info) ? [] : kinds.map(({ steps, act }) => ({ steps: [...anyMember, ...steps], act }));
  const object = [...spared(objectRules(info, rewriting)), ...nested, ...named];
  return { object, general, rewriting };
}

function lazily(make: () => JsonMasks): () => JsonMasks {
  let made: JsonMasks | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
