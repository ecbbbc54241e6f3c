import type { Connection } from '../../model/connection.ts';
import type { StructureQuestion } from '../../model/structure.ts';
import { pageOf } from '../../model/structure-page.ts';
import type { Served } from './discovery.ts';
import { createMasks } from './masks/masks.ts';
import { type ApiVerb, builtIns, isApiVerb } from './rules/built-in.ts';
import type { Settings } from './settings.ts';
import { knownMeaningOf } from './verbs.ts';

export type SchemaGround = { served: readonly Served[]; settings: Settings; connection: Connection };

/**
 * What an agent may know of a cluster, a page at a time: the resources that are served there and understood here, of which it may touch
 * some; what each verb on them means; and what of them is masked.
 */
export function schemaOf(ground: SchemaGround, { query, mayTouchSome }: StructureQuestion) {
  const { served, connection } = ground;
  const known = new Map(served.map((one) => [one.name, one]));
  const names = served.filter((one) => one.subresource === '' && isUnderstood(one, ground)).map(({ name }) => name);
  const { page, next } = pageOf(names, query, (name) => mayTouchSome(placeOf(known.get(name))));
  return {
    connection: connection.name,
    resources: page.flatMap((name) => {
      const one = known.get(name);
      return one === undefined ? [] : [describe(one, ground)];
    }),
    ...(next !== undefined && { next_page_token: next }),
  };
}

/** All of a resource, as policies name it. */
const placeOf = (one: Served | undefined) => (one === undefined ? '' : `${one.namespaced ? '*' : '_'}/${one.name}/*`);

const isUnderstood = ({ name }: Served, { settings }: SchemaGround) =>
  builtIns.has(name) || settings.custom_resources.includes(name);

function describe(one: Served, ground: SchemaGround) {
  const { name, kind, namespaced, versions } = one;
  const below = ground.served.filter(({ subresource, ...other }) => subresource !== '' && isOf(other, one));
  const subresources = below.flatMap((sub) => {
    const verbs = verbsOf(sub, ground.settings);
    return Object.keys(verbs).length === 0 ? [] : [{ name: sub.subresource, verbs }];
  });
  return {
    name,
    kind,
    scope: namespaced ? 'namespace' : 'cluster',
    versions,
    verbs: verbsOf(one, ground.settings),
    ...(subresources.length > 0 && { subresources }),
    masks: masksOf(one, ground.connection),
  };
}

const isOf = (other: Pick<Served, 'group' | 'resource'>, { group, resource }: Served) =>
  other.group === group && other.resource === resource;

/** Of the verbs that the server serves, what each means here; those that never pass are left out. */
function verbsOf(one: Served, { custom_resources: custom }: Settings) {
  const verbs = one.verbs.filter(isApiVerb).flatMap((verb) => {
    const meaning = understoodAs(one, verb, custom);
    return meaning === undefined ? [] : [[verb, meaning] as const];
  });
  return Object.fromEntries(verbs);
}

function understoodAs({ group, resource, subresource }: Served, verb: ApiVerb, custom: readonly string[]) {
  const meaning = knownMeaningOf({ verb, group, resource, subresource }, custom);
  if (meaning === undefined) return undefined;
  return meaning.risks.length === 0 ? { verb: meaning.verb } : meaning;
}

/** Tokens are made when something is masked, so none is made of this key. */
const noKey = () => new Uint8Array(32);

function masksOf({ group, resource }: Served, connection: Connection) {
  const all = { isResource: true, verb: 'list', namespace: '', name: '', subresource: '', segments: [], version: '' };
  const info = { ...all, group, resource };
  const { masks } = createMasks({ info, connection, unmask: [], tokenKey: noKey });
  return masks.map(({ path, class: name, transform }) => ({ path, class: name, mask: transform }));
}
