import { at, isObject, type Json, listAt, textAt } from '../json.ts';
import { credential, type Finding, privilege } from './finding.ts';

/** Volumes that reach nothing beyond the namespace. Any that is not known reaches further. */
const harmless = new Set(['configMap', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim']);

/** What a volume of a Pod, or a PersistentVolume, gives access to. */
export function judgeVolume(volume: Json): Finding[] {
  if (!isObject(volume)) return [];
  return Object.keys(volume)
    .filter((kind) => kind !== 'name' && !harmless.has(kind))
    .flatMap((kind) => judgeSource(kind, volume[kind], textAt(volume, 'name')));
}

function judgeSource(kind: string, source: Json, name: string): Finding[] {
  if (kind === 'hostPath') return [privilege(`the volume ${name} is ${textAt(source, 'path')} of its node`)];
  if (kind === 'secret') return [credential(`the volume ${name} holds Secret ${textAt(source, 'secretName')}`)];
  if (kind === 'projected') return listAt(source, 'sources').flatMap((one) => judgeProjected(one, name));
  return [
    privilege(`the volume ${name} (${kind}) reaches beyond the namespace`),
    ...(mentionsSecret(source) ? [credential(`the volume ${name} (${kind}) is opened with a Secret`)] : []),
  ];
}

function judgeProjected(source: Json, name: string): Finding[] {
  if (!isObject(source)) return [];
  const secret = at(source, 'secret');
  const token = at(source, 'serviceAccountToken');
  const known = new Set(['configMap', 'downwardAPI', 'secret', 'serviceAccountToken']);
  return [
    ...(secret === undefined ? [] : [credential(`the volume ${name} holds Secret ${textAt(secret, 'name')}`)]),
    ...(token === undefined || isOrdinary(token, name)
      ? []
      : [credential(`the volume ${name} holds a token for ${textAt(token, 'audience') || 'the API server'}`)]),
    ...Object.keys(source)
      .filter((kind) => !known.has(kind))
      .map((kind) => privilege(`the volume ${name} holds what ${kind} gives`)),
  ];
}

/** What the server itself adds to every Pod: of the account that the Pod runs as anyway, and judged by that. */
const isOrdinary = (token: Json, name: string) =>
  /^kube-api-access-[a-z0-9]{5}$/.test(name) && textAt(token, 'audience') === '' && textAt(token, 'path') === 'token';

const mentionsSecret = (source: Json) =>
  isObject(source) && Object.keys(source).some((key) => /secret/i.test(key) && source[key] !== undefined);
