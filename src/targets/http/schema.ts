import type { Connection } from '../../model/connection.ts';
import type { StructureQuestion } from '../../model/structure.ts';
import { classified } from './classification.ts';
import { typesOf } from './request-headers.ts';
import type { Route } from './routes.ts';
import type { Settings } from './settings.ts';
import { namesIn } from './template.ts';

/** What an agent may know of a service, a page at a time: the operations it may call, how, and what of their answers is masked. */
export function schemaOf({ routes }: Settings, { query, mayTouch }: StructureQuestion, connection: Connection) {
  const { table, match, page_size, page_token } = query;
  const fits = match === undefined ? () => true : fitting(match);
  const names = [...new Set(routes.all.map(({ name }) => name))]
    .filter((name) => (table === undefined || name === table) && fits(name) && mayTouch(name))
    .sort();
  const start = page_token === undefined ? 0 : names.findIndex((name) => name > nameIn(page_token));
  const page = start < 0 ? [] : names.slice(start, start + page_size);
  const last = page.at(-1);
  const operations = page.flatMap((name) =>
    routes.all.filter((route) => route.name === name).map((route) => describe(route, connection)),
  );
  return {
    connection: connection.name,
    operations,
    ...(last !== undefined && last !== names.at(-1) && { next_page_token: Buffer.from(last).toString('base64url') }),
  };
}

const nameIn = (token: string) => Buffer.from(token, 'base64url').toString();

function fitting(pattern: string): (name: string) => boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 's');
  return (name) => expression.test(name);
}

function describe(route: Route, connection: Connection) {
  const { name, method, path, template, verb, risks, parameters, query, request, response, summary } = route;
  const { hidden, refusal } = classified(route, { connection, unmask: [] });
  return {
    name,
    method,
    path,
    verb,
    ...(summary !== undefined && { summary }),
    ...(risks.length > 0 && { risks }),
    parameters: namesIn(template).map((each) => ({ name: each, kind: parameters.get(each) ?? 'text' })),
    query,
    ...(request !== undefined && { request: { types: request.types, max_bytes: request.maxBytes } }),
    response: { content: response.content, types: typesOf(response), stream: response.stream },
    masks: hidden.map((one) => ({ ...one, mask: connection.transforms.get(one.class) ?? 'redact' })),
    ...(refusal !== undefined && { refused: refusal.detail }),
  };
}
