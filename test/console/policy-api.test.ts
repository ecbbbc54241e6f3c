import { describe, expect, test } from 'vitest';
import { canonicalJson, sha256 } from '../../src/model/canonical.ts';
import { aConsole } from './fixture.ts';
import { anOperation, crm, readers } from './policy-parts.ts';

/** A console where the bot may read the CRM, and has. */
function withTraffic() {
  const console = aConsole();
  console.policies.seed('connections/crm', crm);
  console.policies.seed('policies/readers', readers);
  console.operations.push(anOperation());
  return console;
}

const simulate = (console: ReturnType<typeof aConsole>, body: unknown, who = 'admin') =>
  console.send(who, 'POST', '/api/policies:simulate', body);

describe('simulating a draft', () => {
  test('says what would change, with operations that show it', async () => {
    const answer = await simulate(withTraffic(), { documents: { policies: { readers: null } } });

    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      operations: 1,
      changed: 1,
      unchanged: 0,
      undecidable: 0,
      truncated: false,
      groups: [
        {
          difference: 'allowed-to-denied',
          count: 1,
          samples: [
            {
              operation: 'op_1',
              connection: 'crm',
              verb: 'read',
              before: { effect: 'allow', policies: ['readers'] },
              after: { effect: 'deny', reason: 'no-grant' },
            },
          ],
        },
      ],
    });
  });

  test('what is in force changes nothing, as an empty draft and as a whole set', async () => {
    const console = withTraffic();
    const whole = { connections: { crm }, policies: { readers } };

    for (const body of [{ documents: {} }, { documents: whole, replace: true }])
      expect(await (await simulate(console, body)).json()).toMatchObject({ changed: 0, unchanged: 1 });
  });

  test('a whole set without a document is one where it is gone', async () => {
    const answer = await simulate(withTraffic(), { documents: { connections: { crm } }, replace: true });

    expect(await answer.json()).toMatchObject({ groups: [{ difference: 'allowed-to-denied' }] });
  });

  test('is in the trail with the hash of the draft, the period and the counts', async () => {
    const console = withTraffic();
    const draft = { documents: { policies: { readers: null } }, replace: false };

    await simulate(console, { ...draft, from: '2026-01-01', to: '2026-02-01T00:00:00Z' });

    expect(console.noted.map(({ type }) => type)).toEqual(['console_access']);
    expect(JSON.parse(console.noted[0]?.note ?? '')).toEqual({
      simulated: {
        from: '2026-01-01T00:00:00.000Z',
        to: '2026-02-01T00:00:00.000Z',
        draft: sha256(canonicalJson(draft)),
        truncated: false,
        operations: 1,
        changed: 1,
        undecidable: 0,
      },
    });
  });

  test('when the trail cannot be written nothing is answered', async () => {
    const console = withTraffic();
    console.trail.fails = true;

    expect((await simulate(console, { documents: {} })).status).toBe(503);
  });

  test('says when there were more operations than it was asked to look at', async () => {
    const console = withTraffic();
    console.operations.push(anOperation({ operation: 'op_2' }));

    const answer = await simulate(console, { documents: {}, limit: 1 });

    expect(await answer.json()).toMatchObject({ operations: 1, truncated: true });
  });

  test.each([
    [
      'a field that does not exist',
      { documents: { policies: { readers: { ...readers, more: 1 } } } },
      'policies/readers',
    ],
    [
      'a condition that does not compile',
      { documents: { policies: { readers: { ...readers, condition: 'x +' } } } },
      'policies/readers',
    ],
    ['a kind that does not exist', { documents: { rules: {} } }, 'documents'],
    ['a name that is a path', { documents: { policies: { '../x': null } } }, 'documents.policies'],
    ['a period that ends before it begins', { documents: {}, from: '2026-02-01', to: '2026-01-01' }, 'from'],
    ['no documents', {}, 'documents'],
  ])('a draft with %s is refused, in words that say where', async (_, body, place) => {
    const console = withTraffic();

    const answer = await simulate(console, body);

    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'bad-request', detail: expect.stringContaining(place) });
    expect(console.asked).toEqual([]);
  });

  test('is at its own path alone', async () => {
    const console = withTraffic();

    expect((await console.send('admin', 'POST', '/api/policiesXsimulate', { documents: {} })).status).toBe(404);
  });

  test.each(['bot', 'dba', 'auditor', 'stranger'])('%s may not simulate', async (who) => {
    const console = withTraffic();

    expect((await simulate(console, { documents: {} }, who)).status).toBe(403);
    expect(console.asked).toEqual([]);
  });
});

describe('the history of the documents', () => {
  async function edited() {
    const console = aConsole();
    await console.send('admin', 'PUT', '/api/groups/dba', { members: [] }, { 'If-None-Match': '*' });
    await console.send('admin', 'PUT', '/api/groups/dba', { members: ['user:ann@example.com'] }, { 'If-Match': '*' });
    await console.send('admin', 'PUT', '/api/policies/readers', readers, { 'If-None-Match': '*' });
    return console;
  }

  test.each(['admin', 'auditor'])(
    '%s reads what a document was, the newest first, and that is in the trail',
    async (who) => {
      const { as, noted } = await edited();

      const answer = await as(who, '/api/groups/dba/history');

      expect(await answer.json()).toMatchObject({
        changes: [
          { change: 'changed', before: { members: [] }, after: { members: ['user:ann@example.com'] } },
          { change: 'created', before: null, after: { members: [] } },
        ],
      });
      expect(noted.at(-1)).toMatchObject({ type: 'evidence_exported' });
      expect(JSON.parse(noted.at(-1)?.note ?? '')).toMatchObject({ name: 'policy_changes', document: 'groups/dba' });
    },
  );

  test('is there for all documents together', async () => {
    const { as } = await edited();

    const answer = await as('auditor', '/api/history?limit=2');

    expect(await answer.json()).toMatchObject({ changes: [{ name: 'readers' }, { name: 'dba' }] });
  });

  test.each(['/api/history?kind=rules', '/api/history?limit=0', '/api/history?page=2', '/api/history?from=x'])(
    'a question that makes no sense is refused: %s',
    async (path) => {
      expect((await (await edited()).as('admin', path)).status).toBe(400);
    },
  );

  test.each(['bot', 'dba', 'stranger'])('%s may not read it', async (who) => {
    const { as } = await edited();

    for (const path of ['/api/history', '/api/groups/dba/history']) expect((await as(who, path)).status).toBe(403);
  });
});
