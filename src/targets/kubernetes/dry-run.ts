import { Problem } from '../../model/problem.ts';
import { at, type Json, listAt, objectAt, parseJson, textAt } from './json.ts';
import type { RequestInfo } from './request-info.ts';
import { builtIns, nameOf } from './rules/built-in.ts';
import { leave, readWhole, type Send } from './upstream.ts';

/** Bytes of the description of an API. */
const MOST_SCHEMA = 32 * 1024 * 1024;

/**
 * Refuses a resource of which it is not certain that a dry run changes nothing: a server behind the API server that does not know of dry runs
 * would do it. Kubernetes' own resources all support them (since 1.18); of others the server's OpenAPI document says it: that of the group, or
 * of everything where the server is older than 1.24.
 */
export async function refuseWithoutDryRun(info: RequestInfo, method: string, send: Send): Promise<void> {
  if (builtIns.has(nameOf(info.resource, info.group))) return;
  const document =
    (await documentAt(`/openapi/v3/apis/${info.group}/${info.version}`, send)) ??
    (await documentAt('/openapi/v2', send));
  if (isSupported(document, info, method)) return;
  throw new Problem('target-rejected', {
    detail: `The cluster does not say that ${nameOf(info.resource, info.group)} supports dry runs, so what would come of it cannot be judged.`,
    reason: 'kubernetes:no-dry-run',
  });
}

async function documentAt(path: string, send: Send): Promise<Json> {
  const answer = await send({ method: 'GET', path, accept: 'application/json' });
  if (answer.status === 200) return parseJson((await readWhole(answer, MOST_SCHEMA)).toString('utf8'));
  await leave(answer);
  return undefined;
}

function isSupported(document: Json, { group, version, resource, name, subresource }: RequestInfo, method: string) {
  const end = [resource, ...(name === '' ? [] : ['{name}']), ...(subresource === '' ? [] : [subresource])].join('/');
  const prefix = `/apis/${group}/${version}/`;
  return Object.entries(objectAt(document, 'paths'))
    .filter(([path]) => path === `${prefix}${end}` || path === `${prefix}namespaces/{namespace}/${end}`)
    .flatMap(([, item]) => [...listAt(item, 'parameters'), ...listAt(item, method.toLowerCase(), 'parameters')])
    .some(
      (parameter) =>
        textAt(parameter, 'name') === 'dryRun' ||
        textAt(at(parameter, '$ref')).startsWith('#/components/parameters/dryRun'),
    );
}
