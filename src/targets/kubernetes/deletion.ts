import { isObject, type Json, type JsonObject, listAt, objectAt, parseJson } from './json.ts';
import type { Plan } from './plan.ts';
import { bytesIn, fieldsOf, numberIn, openEnvelope, textIn } from './protobuf.ts';
import { unreadable } from './refusal.ts';

/**
 * How something is to be deleted, as the server would read it: from the body where there is one, else from the query. The server looks
 * at one of them alone, so a `dryRun` in the query of a request with a body would delete.
 */
export function deleteOptions({ body, headers, query }: Pick<Plan, 'body' | 'headers' | 'query'>): JsonObject {
  if (body.byteLength === 0) return fromQuery(query);
  const type = headers.find(([name]) => name === 'content-type')?.[1];
  if (type === 'application/vnd.kubernetes.protobuf') return fromProtobuf(body);
  const given = parseJson(Buffer.from(body).toString('utf8'));
  if (!isObject(given)) throw unreadable('body', 'Send DeleteOptions as one object.');
  const { kind: _, apiVersion: __, ...options } = given;
  return options;
}

export const isDryRun = (options: JsonObject): boolean => listAt(options, 'dryRun').length > 0;

/** The same as a body, for one version of one object alone; `dryRun` where nothing is to be deleted. */
export function writeDeletion(options: JsonObject, more: { preconditions?: JsonObject; dryRun?: boolean }): Buffer {
  const preconditions = { ...more.preconditions, ...objectAt(options, 'preconditions') };
  return Buffer.from(
    JSON.stringify({
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      ...options,
      ...(Object.keys(preconditions).length > 0 && { preconditions }),
      ...(more.dryRun === true && { dryRun: ['All'] }),
    }),
  );
}

function fromQuery(query: Plan['query']): JsonObject {
  const options: Record<string, Json> = {};
  for (const [name, value] of query) {
    if (name === 'gracePeriodSeconds') options[name] = Number(value);
    if (name === 'propagationPolicy') options[name] = value;
    if (name === 'orphanDependents') options[name] = value !== 'false';
    if (name === 'dryRun') options[name] = [value];
  }
  return options;
}

/** `meta/v1.DeleteOptions`. A field that is not known here is refused, as it might change what is deleted. */
function fromProtobuf(body: Uint8Array): JsonObject {
  const envelope = openEnvelope(body);
  const fields = envelope === undefined ? undefined : fieldsOf(envelope.raw);
  if (envelope?.kind !== 'DeleteOptions' || fields === undefined || !fields.every(({ number }) => number <= 5))
    throw unreadable('body', 'Send DeleteOptions as JSON.');
  const preconditions = fieldsOf(bytesIn(fields, 2)) ?? [];
  const [uid, resourceVersion] = [textIn(preconditions, 1), textIn(preconditions, 2)];
  const [grace, orphan] = [numberIn(fields, 1), numberIn(fields, 3)];
  const policy = textIn(fields, 4);
  const dryRun = fields.filter(({ number }) => number === 5).map((field) => textIn([field], 5));
  return {
    ...(grace !== undefined && { gracePeriodSeconds: grace }),
    ...(uid !== '' || resourceVersion !== ''
      ? { preconditions: { ...(uid !== '' && { uid }), ...(resourceVersion !== '' && { resourceVersion }) } }
      : {}),
    ...(orphan !== undefined && { orphanDependents: orphan !== 0 }),
    ...(policy !== '' && { propagationPolicy: policy }),
    ...(dryRun.length > 0 && { dryRun }),
  };
}
