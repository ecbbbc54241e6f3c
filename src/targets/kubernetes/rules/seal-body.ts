import { type JsonMasks, maskJsonBytes, sealFound } from '../../../masking/masking.ts';
import type { Seal } from '../../../model/seal.ts';
import { isObject, type Json, mapTexts, parseJson } from '../json.ts';
import type { Body } from './body.ts';
import { type Change, readChanges } from './patches.ts';

const CREDENTIAL = 'CREDENTIAL';

/** A text as the trail may hold it: what detectors recognise in it is sealed. */
export const sealText = (text: string, seal: Seal) => sealFound(text, seal);

export type Sealing = {
  seal: Seal;
  /** What of such an object nobody sees who has no exemption. */
  hides: JsonMasks;
  /** Whether it is a Secret. */
  secret: boolean;
};

/** Bytes of a body that is looked into for the trail; detectors would take seconds for the longest. */
const MOST_SEALED = 64 * 1024;

/**
 * A body as the trail may hold it: whatever would be masked in the object is sealed, values of Secrets anyhow, and what detectors recognise
 * anywhere else. Protobuf cannot be looked into here, so it is sealed as a whole, and so is what is longer than 64 KiB.
 */
export function sealBody(body: Body, sealing: Sealing): string {
  if (body.type === 'none') return '';
  if (body.type === 'protobuf') return sealing.seal(CREDENTIAL, Buffer.from(body.bytes).toString('base64'));
  const size = Buffer.byteLength(body.text);
  if (size > MOST_SEALED) return `${sealing.seal(CREDENTIAL, body.text)} of ${size} bytes`;
  if (body.type !== 'json-patch') return JSON.stringify(sealObject(body.value, sealing));
  return JSON.stringify(readChanges(body.value).map((change) => sealChange(change, sealing)));
}

/** What alone does not say what it is: that stands beside it, in the object. */
const besides = /\/value$|\/(args|command)\/(\d+|-)$/;

/** The value of a change is looked at where it would stand in the object. */
function sealChange(change: Change, sealing: Sealing): Json {
  if (!('value' in change) || change.value === undefined) return change;
  if (besides.test(change.path)) return { ...change, value: sealAll(change.value, sealing.seal) };
  const path = change.path.split('/').slice(1);
  const names = path.map((word) => word.replaceAll('~1', '/').replaceAll('~0', '~'));
  const sealed = sealObject(around(change.value, names), sealing);
  return { ...change, value: within(sealed, names) };
}

/** Places in lists are numbers or, for a new last one, a dash; `around` always makes it the first. */
const isPlace = (name: string) => /^(\d+|-)$/.test(name);

function around(value: Json, names: readonly string[]): Json {
  return names.reduceRight<Json>(
    (inner, name) => (isPlace(name) ? [inner] : Object.fromEntries([[name, inner]])),
    value,
  );
}

/** What took the place of the whole around it stands for the value as well. */
function within(value: Json, names: readonly string[]): Json {
  return names.reduce<Json>((outer, name) => {
    if (Array.isArray(outer)) return outer[0];
    return isObject(outer) ? outer[name] : outer;
  }, value);
}

function sealObject(object: Json, { seal, hides, secret }: Sealing): Json {
  const { bytes } = maskJsonBytes(Buffer.from(JSON.stringify(object)), hides);
  const sealed = sealDifferences(object, parseJson(Buffer.from(bytes).toString('utf8')), seal);
  return mapTexts(sealSecrets(sealed, seal, secret), (text) => sealText(text, seal));
}

/** Wherever the two differ, something is hidden: it is sealed under the class that its mask names. */
function sealDifferences(real: Json, shown: Json, seal: Seal): Json {
  if (real === shown) return real;
  if (Array.isArray(real) && Array.isArray(shown) && real.length === shown.length)
    return real.map((item, index) => sealDifferences(item, shown[index], seal));
  if (isObject(real) && isObject(shown) && haveSameNames(real, shown))
    return Object.fromEntries(
      Object.entries(real).map(([name, item]) => [name, sealDifferences(item, shown[name], seal)]),
    );
  return seal(classIn(shown), typeof real === 'string' ? real : (JSON.stringify(real) ?? ''));
}

const haveSameNames = (one: object, other: object) => Object.keys(one).join('\n') === Object.keys(other).join('\n');

function classIn(shown: Json): string {
  if (typeof shown !== 'string') return CREDENTIAL;
  const [, name = CREDENTIAL] = /^\[([A-Z][A-Z0-9_]*)\]$/.exec(shown) ?? [];
  return name;
}

/** `data` and `stringData` of a Secret and the token of a review, whatever their form. */
function sealSecrets(value: Json, seal: Seal, secret: boolean): Json {
  if (!isObject(value)) return value;
  const hidden = secret ? ['data', 'stringData'] : [];
  const token = isObject(value['spec']) && 'token' in value['spec'] ? { spec: sealToken(value['spec'], seal) } : {};
  const sealed = hidden.flatMap((name) => (name in value ? [[name, sealAll(value[name], seal)] as const] : []));
  return { ...value, ...token, ...Object.fromEntries(sealed) };
}

const sealToken = (spec: Readonly<Record<string, Json>>, seal: Seal): Json => ({
  ...spec,
  token: sealAll(spec['token'], seal),
});

/** Every value below that is not sealed yet, whatever its kind. */
function sealAll(value: Json, seal: Seal): Json {
  if (value === null || (typeof value === 'string' && /^«[A-Z0-9_]+:[^»]*»$/.test(value))) return value;
  if (Array.isArray(value)) return value.map((item) => sealAll(item, seal));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sealAll(item, seal)]));
  return seal(CREDENTIAL, String(value));
}
