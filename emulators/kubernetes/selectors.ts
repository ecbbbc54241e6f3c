import { type JsonObject, textAt, textsAt } from './json.ts';
import { badRequest } from './status.ts';

export type Matches = (object: JsonObject) => boolean;

/** Which objects a list or a watch is about (labels, then fields). Throws a 400 for what is no selector. */
export function selectorOf(query: URLSearchParams, resource: string): Matches {
  const labels = labelSelector(query.get('labelSelector') ?? '');
  const fields = fieldSelector(query.get('fieldSelector') ?? '', resource);
  return (object) => labels(textsAt(object, 'metadata', 'labels')) && fields(object);
}

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

/** `a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas. */
function labelSelector(text: string): Requirement {
  const parts = text.match(/(?:[^,(]|\([^)]*\))+/g) ?? [];
  const requirements = parts.map((part) => requirement(part.trim(), text));
  return (labels) => requirements.every((holds) => holds(labels));
}

function requirement(part: string, whole: string): Requirement {
  const sets = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(part);
  if (sets !== null) {
    const [, key = '', operator, list = ''] = sets;
    const values = list.split(',').map((value) => value.trim());
    return (labels) => values.includes(labels[key] ?? '\0') === (operator === 'in');
  }
  const equality = /^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$/.exec(part);
  if (equality !== null) {
    const [, key = '', operator, value] = equality;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  const presence = /^(!?)\s*([\w./-]+)$/.exec(part);
  if (presence === null) throw badRequest(`unable to parse requirement: found '${part}' in "${whole}"`);
  const [, not = '', key = ''] = presence;
  return (labels) => Object.hasOwn(labels, key) === (not === '');
}

/** Beside name and namespace. */
const selectable: Readonly<Record<string, readonly string[]>> = {
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'reason',
    'type',
  ],
  jobs: ['status.successful'],
  namespaces: ['status.phase'],
  nodes: ['spec.unschedulable'],
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'status.phase',
    'status.podIP',
  ],
  replicasets: ['status.replicas'],
  secrets: ['type'],
};

function fieldSelector(text: string, resource: string): Matches {
  const requirements = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const found = /^([\w./-]+)(==|=|!=)(.*)$/.exec(part);
      if (found === null) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
      const [, path = '', operator, value = ''] = found;
      if (!['metadata.name', 'metadata.namespace', ...(selectable[resource] ?? [])].includes(path)) {
        throw badRequest(`field label not supported: ${path}`);
      }
      return (object: JsonObject) => (textAt(object, ...path.split('.')) === value) === (operator !== '!=');
    });
  return (object) => requirements.every((holds) => holds(object));
}
