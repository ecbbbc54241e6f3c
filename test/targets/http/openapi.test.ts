import { describe, expect, test } from 'vitest';
import { operationsIn } from '../../../src/targets/http/openapi.ts';
import { settingsSchema } from '../../../src/targets/http/settings.ts';

const document = `
openapi: 3.1.0
info: {title: Orders, version: "1"}
paths:
  /v1/orders:
    parameters:
      - $ref: '#/components/parameters/tenant'
    get:
      operationId: listOrders
      summary: Orders, newest first
      parameters:
        - {name: page, in: query}
        - {name: filter, in: query, style: deepObject}
      responses:
        "200": {content: {application/json: {}}}
    post:
      operationId: createOrder
      x-sallyport-risks: [cost]
      requestBody: {$ref: '#/components/requestBodies/order'}
      responses: {"201": {content: {application/json; charset=utf-8: {}}}}
  /v1/orders/{id}:
    get:
      parameters: [{name: id, in: path, schema: {type: integer}}]
      responses: {"200": {content: {application/json: {}}}}
    delete: {operationId: deleteOrder, parameters: [{name: id, in: path, schema: {format: uuid}}]}
  /v1/orders/{id}:refund:
    post: {operationId: refund, x-sallyport-verb: administer}
  /v1/events:
    get: {operationId: events, responses: {"200": {content: {text/event-stream: {}}}}}
  /v1/terms:
    get: {operationId: terms, responses: {"200": {content: {text/markdown: {}}}}}
  /v1/label:
    get: {operationId: label, x-sallyport-content: bytes, responses: {"200": {content: {image/png: {}}}}}
  /v1/photo:
    get: {operationId: photo, responses: {"200": {content: {image/png: {}}}}}
components:
  parameters:
    tenant: {name: tenant, in: query}
  requestBodies:
    order: {content: {application/json: {}, application/x-www-form-urlencoded: {}}}
`;

describe('an OpenAPI document', () => {
  const operations = new Map(operationsIn(document).map((operation) => [operation.name, operation]));

  test('gives each operation by its name, with what may be sent and what is answered', () => {
    expect(operations.get('listOrders')).toMatchObject({
      ...{ method: 'GET', path: '/v1/orders', summary: 'Orders, newest first' },
      query: ['page', 'filter[*]', 'tenant'],
      response: { content: 'json', stream: false },
    });
    expect(operations.get('listOrders')?.request).toBeUndefined();
    expect(operations.get('createOrder')).toMatchObject({
      risks: ['cost'],
      request: { types: ['application/json', 'application/x-www-form-urlencoded'] },
    });
  });

  test('names operations that have no name by method and path', () => {
    expect(operations.get('GET /v1/orders/{id}')).toMatchObject({ parameters: { id: 'integer' } });
    expect(operations.get('deleteOrder')).toMatchObject({ parameters: { id: 'uuid' } });
  });

  test('may say of an operation what it means for policy', () => {
    expect(operations.get('refund')).toMatchObject({ verb: 'administer', path: '/v1/orders/{id}:refund' });
  });

  test('tells streams, texts and bytes apart, and lets bytes pass only where it says so', () => {
    const content = (name: string) => operations.get(name)?.response;

    expect(content('events')).toMatchObject({ content: 'json', stream: true });
    expect(content('terms')).toMatchObject({ content: 'text', types: ['text/markdown'] });
    expect(content('label')).toMatchObject({ content: 'bytes', types: ['image/png'] });
    expect(content('photo')).toMatchObject({ content: 'json' });
  });

  test('may be JSON', () => {
    const json = JSON.stringify({ openapi: '3.0.3', paths: { '/a': { get: { operationId: 'a' } } } });

    expect(operationsIn(json).map(({ name }) => name)).toEqual(['a']);
  });

  test('may hold what few documents do: extensions among paths, paths by reference, lists of types, long summaries', () => {
    const parameters = [
      { name: 'id', in: 'path', schema: { type: ['integer', 'null'] } },
      { name: 'q', in: 'query', schema: true },
    ];
    const get = { operationId: 'a', summary: 'x'.repeat(5000), parameters };
    const json = JSON.stringify({
      openapi: '3.1.0',
      paths: { 'x-internal': true, '/a/{id}': { $ref: '#/components/pathItems/one' } },
      components: { pathItems: { one: { get } } },
    });

    const [only, ...others] = operationsIn(json);

    expect(only).toMatchObject({ name: 'a', path: '/a/{id}', parameters: { id: 'integer' }, query: ['q'] });
    expect(others).toEqual([]);
  });

  test('gives way to an operation of the settings with the same name', () => {
    const settings = settingsSchema.parse({
      ...{ origin: 'https://api.example.com', inject: 'bearer', openapi: document },
      operations: [{ name: 'refund', method: 'POST', path: '/v1/orders/{id}:refund', verb: 'delete' }],
    });

    expect(settings.routes.all.filter(({ name }) => name === 'refund').map(({ verb }) => verb)).toEqual(['delete']);
  });

  test.each([
    ['is none', 'a: b: c'],
    ['is of version 2', 'swagger: "2.0"'],
    ['refers to another document', 'openapi: 3.0.0\npaths: {/a: {get: {parameters: [{$ref: "other.yaml#/x"}]}}}'],
    ['refers in a circle', 'openapi: 3.0.0\npaths: {/a: {get: {parameters: [{$ref: "#/x"}]}}}\nx: {$ref: "#/x"}'],
    ['refers to what is not there', 'openapi: 3.0.0\npaths: {/a: {get: {parameters: [{$ref: "#/y"}]}}}'],
    ['refers to what every object has', 'openapi: 3.0.0\npaths: {/a: {get: {parameters: [{$ref: "#/__proto__"}]}}}'],
    ['has an operation twice', 'openapi: 3.0.0\npaths: {/a: {get: {operationId: x}}, /b: {get: {operationId: x}}}'],
    ['has a key twice', 'openapi: 3.0.0\npaths: {/a: {get: {}}, /a: {get: {}}}'],
    ['has a verb of its own', 'openapi: 3.0.0\npaths: {/a: {get: {x-sallyport-verb: look}}}'],
    ['keeps a path in another document', 'openapi: 3.0.0\npaths: {/a: {$ref: "b.yaml"}}'],
    ['keeps a path where there is none', 'openapi: 3.0.0\npaths: {/a: {$ref: "#/b"}}'],
    ['says of a path more than it refers to', 'openapi: 3.1.0\npaths: {/a: {$ref: "#/b", get: {}}}\nb: {get: {}}'],
  ])('that %s is refused', (_, text) => {
    const settings = settingsSchema.safeParse({ origin: 'https://api.example.com', inject: 'bearer', openapi: text });

    expect(settings.success).toBe(false);
  });
});
