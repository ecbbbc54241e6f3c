import type { Risk, Verb } from '../../model/documents.ts';
import { operationsIn } from './openapi.ts';
import type { Declared, Method, OperationSettings } from './operation.ts';
import { compare, match, namesIn, type ParameterKind, readTemplate, type Template } from './template.ts';

/** One method on one path: what a request is judged as. */
export type Route = {
  name: string;
  method: Method;
  /** As it was written. */
  path: string;
  template: Template;
  verb: Verb;
  risks: readonly Risk[];
  parameters: ReadonlyMap<string, ParameterKind>;
  query: '*' | readonly string[];
  request: { types: readonly string[]; maxBytes: number } | undefined;
  response: Response;
  summary: string | undefined;
};

export type Response = {
  content: 'json' | 'text' | 'bytes';
  types: readonly string[];
  stream: boolean;
  errors: 'status' | 'body';
};

export type Routes = {
  all: readonly Route[];
  /** The one that says most about the path, and the values of its parameters; undefined where the service has no such operation. */
  find(method: string, segments: readonly string[]): Found | undefined;
};

export type Found = { route: Route; values: ReadonlyMap<string, string> };

/** The operations of a connection. Those of the settings take the place of those of the document with their names. Throws an `Error` where two could be meant by one path. */
export function routesOf(
  operations: readonly OperationSettings[],
  openapi: string | undefined,
  mostBytes: number,
): Routes {
  const named = new Set(operations.map(({ name }) => name));
  const documented = openapi === undefined ? [] : operationsIn(openapi).filter(({ name }) => !named.has(name));
  const declared: readonly Declared[] = [...operations, ...documented];
  refuseTwins(declared);
  const all = declared.flatMap((operation) => routesFor(operation, mostBytes));
  const byShape = new Map<string, Route[]>();
  for (const route of all) {
    const key = shapeOf(route);
    byShape.set(key, [...(byShape.get(key) ?? []), route]);
  }
  refuseAmbiguous(all);
  return {
    all,
    find(method, segments) {
      const asked = method === 'HEAD' ? ['HEAD', 'GET'] : [method];
      for (const each of asked) {
        const candidates = [...(byShape.get(`${each} ${segments.length}`) ?? []), ...(byShape.get(`${each} *`) ?? [])];
        const found = narrowest(candidates, segments);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

function refuseTwins(declared: readonly Declared[]) {
  const seen = new Set<string>();
  for (const { name } of declared) {
    if (seen.has(name)) throw new Error(`two operations have the name ${name}`);
    seen.add(name);
  }
}

function routesFor(operation: Declared, mostBytes: number): Route[] {
  const { name, path, request, response, summary } = operation;
  const template = readTemplate(path);
  const parameters = new Map(Object.entries(operation.parameters));
  const unknown = [...parameters.keys()].find((parameter) => !namesIn(template).includes(parameter));
  if (unknown !== undefined) throw new Error(`${name} has no parameter ${unknown} in its path`);
  return [operation.method].flat().map((method) => ({
    ...{ name, method, path, template, parameters, summary },
    ...{ verb: operation.verb ?? verbs[method], risks: operation.risks, query: operation.query },
    request: request && { types: request.types, maxBytes: Math.min(request.max_bytes ?? mostBytes, mostBytes) },
    response: { ...response, types: response.types ?? usual[response.content] },
  }));
}

const verbs: Readonly<Record<Method, Verb>> = {
  GET: 'read',
  HEAD: 'read',
  OPTIONS: 'read',
  POST: 'write',
  PUT: 'write',
  PATCH: 'write',
  DELETE: 'delete',
};

const usual: Readonly<Record<Response['content'], readonly string[]>> = {
  json: ['application/json', 'application/*+json'],
  text: ['text/plain', 'text/html', 'text/csv', 'text/markdown', 'text/xml', 'application/xml', 'application/*+xml'],
  bytes: [],
};

const shapeOf = ({ method, template }: Route) =>
  `${method} ${template.at(-1)?.kind === 'rest' ? '*' : template.length}`;

function refuseAmbiguous(all: readonly Route[]) {
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      if (one.method === other.method && compare(one.template, other.template) === 'ambiguous') {
        throw new Error(`a ${one.method} could be ${one.name} (${one.path}) as well as ${other.name} (${other.path})`);
      }
    }
  }
}

function narrowest(candidates: readonly Route[], segments: readonly string[]): Found | undefined {
  let best: Found | undefined;
  for (const route of candidates) {
    if (best !== undefined && compare(route.template, best.route.template) !== 'narrower') continue;
    const values = match(route.template, segments, route.parameters);
    if (values !== undefined) best = { route, values };
  }
  return best;
}
