import fc from 'fast-check';
import { expect, test } from 'vitest';
import { served } from './served.ts';

const planted = 'pL4ntedSecret';
const planted64 = Buffer.from(planted).toString('base64');
const forms = [planted, planted64, planted64.slice(0, 14)];

const harmless = fc.constantFrom('blue', 'a-b', '10m', 'é\u{1f389}', '');
const tree = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, harmless, fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.dictionary(fc.constantFrom('a', 'data', 'spec', 'items', 'object', 'rows', 'kind', 'é"'), tie('value'), {
    maxKeys: 4,
  }),
})).object;

const names = fc.constantFrom('a', 'tls.crt', '', 'é', '__proto__', 'a.b', '"');
const data = fc.dictionary(names, fc.constant(planted64), { minKeys: 1, maxKeys: 4 });
const secret = fc.tuple(tree, data, data).map(([other, own, copied]) => ({
  kind: 'Secret',
  metadata: {
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
        kind: 'Secret',
        data: copied,
        stringData: { b: planted },
      }),
      other: JSON.stringify({ x: [{ kind: 'Secret', data: copied }] }),
    },
    labels: { other: 'x' },
  },
  spec: other,
  data: own,
}));

const envelope = fc.constantFrom<[string, (object: object) => object]>(
  ['get', (object) => object],
  ['list', (object) => ({ kind: 'SecretList', metadata: {}, items: [object, object] })],
  ['list', (object) => ({ kind: 'Table', columnDefinitions: [], rows: [{ cells: ['one'], object }] })],
  ['watch', (object) => ({ type: 'ADDED', object })],
  ['watch', (object) => ({ type: 'ADDED', object: { kind: 'Table', rows: [{ cells: ['one'], object }] } })],
);

/** The same JSON, written in another way: spaces, and names and texts in escapes. */
function disguised(json: string, seed: number): string {
  let state = seed;
  return json.replaceAll(/[{[,:]|[a-zA-Z](?=[^\\]*$)?/g, (mark, at: number) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    if (/[{[,:]/.test(mark)) return mark;
    const isSafe = json[at - 1] !== '\\' && /["a-zA-Z]/.test(json[at - 1] ?? '') && isInString(json, at);
    return isSafe && state % 7 === 0 ? `\\u00${mark.charCodeAt(0).toString(16)}` : mark;
  });
}

const strings = new Map<string, Uint8Array>();
function isInString(json: string, at: number): boolean {
  let inside = strings.get(json);
  if (inside === undefined) {
    inside = new Uint8Array(json.length);
    for (let index = 0, open = false; index < json.length; index++) {
      if (json[index] === '\\') {
        index++;
        continue;
      }
      if (json[index] === '"') open = !open;
      inside[index] = Number(open);
    }
    strings.clear();
    strings.set(json, inside);
  }
  return inside[at] === 1;
}

test('a secret that is planted anywhere in a Secret is in no byte that leaves, however it is written and cut', () =>
  fc.assert(
    fc.asyncProperty(
      secret,
      envelope,
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      async (object, [verb, put], size, seed) => {
        const json = JSON.stringify(put(object));
        const text = `${disguised(json, seed)}\n`;
        expect(JSON.parse(text)).toEqual(JSON.parse(json));

        const left = await served('secrets', text, { verb, size });

        const readable = JSON.stringify(JSON.parse(left));
        for (const form of forms) {
          expect(left).not.toContain(form);
          expect(readable).not.toContain(form);
        }
      },
    ),
    { numRuns: 60 },
  ));

test('what holds no secret leaves as it came, to the byte', () =>
  fc.assert(
    fc.asyncProperty(
      tree,
      fc.constantFrom('pods', 'deployments.apps', 'nodes'),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      async (other, resource, size, seed) => {
        const text = disguised(JSON.stringify({ kind: 'X', metadata: { name: 'one' }, spec: other }), seed);

        expect(await served(resource, text, { size })).toBe(text);
      },
    ),
    { numRuns: 60 },
  ));

test('an object whose every text is a secret', async () => {
  const parts = { [planted]: planted };
  const object = {
    metadata: { annotations: { password: planted, 'kubectl.kubernetes.io/last-applied-configuration': planted } },
    data: { a: planted, b: [planted, { c: planted, d: null, e: 1 }], ...parts },
    stringData: { a: planted },
  };

  const left = JSON.parse(await served('secrets', object));

  expect(left.data).toEqual({
    a: Buffer.from('[CREDENTIAL]').toString('base64'),
    b: [Buffer.from('[CREDENTIAL]').toString('base64'), { c: expect.any(String), d: null, e: expect.any(String) }],
    [planted]: Buffer.from('[CREDENTIAL]').toString('base64'),
  });
  expect(JSON.stringify({ ...left, data: Object.values(left.data) })).not.toContain(planted);
});
