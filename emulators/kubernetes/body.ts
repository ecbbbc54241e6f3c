import { isObject, type Json, type JsonObject } from './json.ts';
import { readProtobuf } from './protobuf.ts';
import { badRequest, unsupportedMedia } from './status.ts';

const ACCEPTED = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';

/** The object that a request carries. Throws a 415 for what is not spoken here and a 400 for what cannot be read. */
export async function readObject(type: string | undefined, body: Buffer): Promise<JsonObject> {
  const media = mediaOf(type) || 'application/json';
  if (media === 'application/yaml') return objectOf(await parseYaml(body));
  if (media === 'application/vnd.kubernetes.protobuf') return readProtobuf(body);
  if (media !== 'application/json') throw unsupportedMedia(ACCEPTED);
  return objectOf(parseJson(body));
}

export function mediaOf(type: string | undefined): string {
  return (type ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

export function parseJson(body: Buffer): Json {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw badRequest(`error decoding from json: ${error instanceof Error ? error.message : error}`);
  }
}

export async function parseYaml(body: Buffer): Promise<Json> {
  const { parse } = await import('yaml');
  try {
    return parse(body.toString());
  } catch (error) {
    throw badRequest(`error decoding YAML: ${error instanceof Error ? error.message : error}`);
  }
}

export function objectOf(value: Json): JsonObject {
  if (isObject(value)) return value;
  throw badRequest('the object provided is unrecognized (must be of type Object)');
}
