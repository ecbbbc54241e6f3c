import type { JsonObject } from './json.ts';
import { qualified, type Resource } from './resources.ts';

/** A refusal in the API server's own form: a `Status` object with its code. */
export class Refused extends Error {
  override name = 'Refused';
  readonly code: number;
  readonly status: JsonObject;

  constructor(code: number, reason: string, message: string, details?: JsonObject) {
    super(message);
    this.code = code;
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason !== '' && { reason }),
      ...(details !== undefined && { details }),
      code,
    };
  }
}

/** What belongs to no group that is served: the real server answers it with a page, and no `Status`. */
export class NoSuchPage extends Error {
  override name = 'NoSuchPage';
}

type Named = Pick<Resource, 'group' | 'name'>;

function detailsOf({ group, name: kind }: Named, name = ''): JsonObject {
  return { ...(name !== '' && { name }), ...(group !== '' && { group }), kind };
}

export const notFound = (resource: Named, name: string) =>
  new Refused(404, 'NotFound', `${qualified(resource)} "${name}" not found`, detailsOf(resource, name));

export const noSuchPath = () => new Refused(404, 'NotFound', 'the server could not find the requested resource', {});

export const alreadyExists = (resource: Named, name: string) =>
  new Refused(409, 'AlreadyExists', `${qualified(resource)} "${name}" already exists`, detailsOf(resource, name));

export const conflict = (resource: Named, name: string, why = STALE) =>
  new Refused(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`,
    detailsOf(resource, name),
  );

const STALE = 'the object has been modified; please apply your changes to the latest version and try again';

export const forbidden = (resource: Named, name: string, why: string) =>
  new Refused(
    403,
    'Forbidden',
    `${qualified(resource)}${name === '' ? '' : ` "${name}"`} is forbidden: ${why}`,
    detailsOf(resource, name),
  );

export const badRequest = (message: string) => new Refused(400, 'BadRequest', message);

export const unauthorized = () => new Refused(401, 'Unauthorized', 'Unauthorized');

export const methodNotAllowed = () =>
  new Refused(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const notAcceptable = (accepted: string) =>
  new Refused(406, 'NotAcceptable', `only the following media types are accepted: ${accepted}`);

export const unsupportedMedia = (accepted: string) =>
  new Refused(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );

export const expired = () =>
  new Refused(410, 'Expired', 'The resourceVersion for the provided list or watch is too old.');

/** What is wrong with an object, field by field. */
export function invalid(
  { kind, group }: Pick<Resource, 'kind' | 'group'>,
  name: string,
  faults: readonly { field: string; reason: 'Required' | 'Invalid' | 'NotSupported'; message: string }[],
) {
  const told = faults.map(({ field, message }) => `${field}: ${message}`);
  const list = told.length === 1 ? told[0] : `[${told.join(', ')}]`;
  const type = group === '' ? kind : `${kind}.${group}`;
  return new Refused(422, 'Invalid', `${type} "${name}" is invalid: ${list}`, {
    ...(name !== '' && { name }),
    ...(group !== '' && { group }),
    kind,
    causes: faults.map(({ field, reason, message }) => ({ reason: `FieldValue${reason}`, message, field })),
  });
}
