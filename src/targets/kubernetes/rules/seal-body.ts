import { sealFound } from '../../../masking/masking.ts';
import type { Seal } from '../../../model/seal.ts';
import type { Body } from './body.ts';
import { type Change, readChanges } from './patches.ts';

const CREDENTIAL = 'CREDENTIAL';

/** A text as the trail may hold it: what detectors recognise in it is sealed. */
export const sealText = (text: string, seal: Seal) => sealFound(text, seal);

/**
 * A body as the trail may hold it: values of Secrets and of environment variables are sealed, copies in annotations, too, and whatever
 * detectors recognise anywhere else. Protobuf cannot be looked into here, so it is sealed as a whole.
 */
export function sealBody(body: Body, { secret }: { secret: boolean }, seal: Seal): string {
  if (body.type === 'none') return '';
  if (body.type === 'protobuf') return seal(CREDENTIAL, Buffer.from(body.bytes).toString('base64'));
  const sealing = { seal, secret };
  if (body.type !== 'json-patch') return JSON.stringify(sealValue(body.value, [], sealing));
  return JSON.stringify(readChanges(body.value).map((change) => sealChange(change, sealing)));
}

type Sealing = { seal: Seal; secret: boolean };

function sealChange(change: Change, sealing: Sealing): unknown {
  if (!('value' in change) || change.value === undefined) return change;
  const path = change.path
    .split('/')
    .slice(1)
    .map((word) => word.replaceAll('~1', '/').replaceAll('~0', '~'));
  return { ...change, value: sealValue(change.value, path, sealing) };
}

function sealValue(value: unknown, path: readonly string[], sealing: Sealing): unknown {
  if (isHidden(path, sealing)) return sealAll(value, sealing.seal);
  if (typeof value === 'string') return isCopy(path) ? sealCopy(value, sealing) : sealText(value, sealing.seal);
  if (Array.isArray(value)) return value.map((item, index) => sealValue(item, [...path, String(index)], sealing));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, sealValue(item, [...path, key], sealing)]),
  );
}

/** `data` and `stringData` of a Secret, the token of a review, and the value of any `env`. */
function isHidden(path: readonly string[], { secret }: Sealing): boolean {
  if (secret && (path[0] === 'data' || path[0] === 'stringData')) return true;
  return (path.at(-3) === 'env' && path.at(-1) === 'value') || path.join('/') === 'spec/token';
}

const isCopy = (path: readonly string[]) =>
  path.at(-2) === 'annotations' && path.at(-1)?.endsWith('last-applied-configuration') === true;

/** Applied objects are kept in an annotation of theirs, as JSON. */
function sealCopy(text: string, sealing: Sealing): string {
  try {
    return JSON.stringify(sealValue(JSON.parse(text), [], sealing));
  } catch {
    return sealing.seal(CREDENTIAL, text);
  }
}

/** Every value below, whatever its kind; what is taken out holds nothing. */
function sealAll(value: unknown, seal: Seal): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((item) => sealAll(item, seal));
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sealAll(item, seal)]));
  return seal(CREDENTIAL, String(value));
}
