import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { auditFactsSchema } from '../../src/model/audit-event.ts';
import { Problem } from '../../src/model/problem.ts';
import { aPassage, aTrail } from './trail.ts';

/** What a trail records of one fact. */
async function recorded(...[type, subject]: Parameters<ReturnType<typeof aTrail>['audit']['note']>) {
  const trail = aTrail();
  await trail.audit.open();
  await trail.audit.note(type, subject);
  await trail.audit.close();
  const event = trail.table.events().find((row) => row.type === type);
  if (!event) throw new Error('Nothing was recorded.');
  return { event, text: JSON.stringify(trail.table.rows) + JSON.stringify(trail.store.commits) };
}

describe('what the trail says', () => {
  test('names who, what, why and where, and nothing that is secret', async () => {
    const { event, text } = await recorded('denied', aPassage());

    expect(text).not.toMatch(/secret/);
    expect(event).toMatchObject({
      operation: 'op_1',
      connection: 'crm',
      verb: 'read',
      resources: ['public.users'],
      statement: 'SELECT * FROM users WHERE email = «EMAIL_ADDRESS:ab»',
      parameters: '["«p»"]',
      principal: { member: 'serviceAccount:bot@p.iam.gserviceaccount.com', groups: ['analysts'] },
      agent: { name: 'bot', attested: false },
      decision: { effect: 'allow', policies: ['readers'], policy_version: 'v1' },
      masks: [{ resource: 'public.users.email', class: 'EMAIL_ADDRESS', transform: 'token', values: null }],
      protection: 'proven',
    });
  });

  test('tells the groups that the token names from those of the documents, and whom the decision asks', async () => {
    const passage = aPassage({ groups: ['analysts', 'on-call'] });
    const { identity, decision } = passage;
    if (!identity || !decision) throw new Error('A passage has both.');
    const approvals = [{ policy: 'guard-define', approvers: ['group:dba'], count: 2, expires: 60 }];

    const { event } = await recorded('held', {
      ...passage,
      identity: { ...identity, memberships: ['principalSet://pool/*'] },
      decision: { ...decision, approvals },
    });

    expect(event).toMatchObject({
      principal: {
        groups: ['analysts', 'on-call'],
        claimed_groups: ['analysts'],
        memberships: ['principalSet://pool/*'],
      },
      decision: { requirements: [{ policy: 'guard-define', approvers: ['group:dba'], count: 2 }] },
    });
  });

  test('holds the hash of the exact statement, keyed where something in it is sealed, so that nobody can try what', async () => {
    const sealed = await recorded('denied', aPassage());
    const statement = 'SELECT id FROM users';
    const whole = aPassage();
    if (!whole.operation) throw new Error('A passage has an operation.');
    whole.operation = { ...whole.operation, statement, recorded: { statement, parameters: [] } };
    const open = await recorded('denied', whole);

    expect(sealed.event.statement_sha256).toMatch(/^«STATEMENT:[0-9a-f]{16}»$/);
    expect(open.event.statement_sha256).toBe(createHash('sha256').update(statement).digest('hex'));
  });

  test('holds nothing that is personal of what a caller says of itself, and tells sessions apart all the same', async () => {
    const personal = (mail: string) => {
      const passage = aPassage({
        session: `for ${mail}`,
        agent: { name: mail, version: '4111 1111 1111 1111', attested: false },
      });
      passage.call = { ...passage.call, reason: `asked by ${mail}, card 4111111111111111, key AKIAIOSFODNN7EXAMPLE` };
      if (passage.operation) passage.operation = { ...passage.operation, resources: [`public.${mail}`] };
      return passage;
    };

    const [ada, bob] = [
      await recorded('denied', personal('ada@people.example')),
      await recorded('denied', personal('bob@people.example')),
    ];

    expect(`${ada.text}${bob.text}`).not.toMatch(/people\.example|4111|AKIA/);
    expect(ada.event.agent?.reason).toMatch(
      /^asked by «EMAIL_ADDRESS:.*», card «CREDIT_CARD_NUMBER:.*», key «AWS_CREDENTIALS:.*»$/,
    );
    expect(ada.event.session).toMatch(/^for «EMAIL_ADDRESS:/);
    expect(ada.event.session).not.toBe(bob.event.session);
  });

  test('keeps of a statement that cannot be read no more than a keyed hash and a length', async () => {
    const { operation: _, decision: __, ...unread } = aPassage({ problem: new Problem('operation-unreadable') });

    const { event, text } = await recorded('refused', unread);

    expect(text).not.toMatch(/secret/);
    expect(event.statement).toMatch(/^«STATEMENT:[0-9a-f]{16}» 39 bytes$/);
    expect(event.result).toMatchObject({ status: 400, error_code: 'operation-unreadable' });
  });

  test('keeps nothing of a stranger’s request', async () => {
    const {
      operation: _,
      decision: __,
      identity: ___,
      ...unknown
    } = aPassage({
      problem: new Problem('unauthenticated', { reason: 'expired' }),
    });

    const { event, text } = await recorded('refused', unknown);

    expect(text).not.toMatch(/secret/);
    expect(event).toMatchObject({ statement: null, principal: null, note: 'expired', occurrences: 1 });
  });

  test('has a value for every field even where nothing is known', async () => {
    const { event } = await recorded('console_access', {});

    const { chain: _, seq: __, prev_hash: ___, hash: ____, ...facts } = event;
    expect(auditFactsSchema.parse(facts)).toEqual(facts);
  });

  test('survives text that is no text: half a surrogate pair', async () => {
    const passage = aPassage();
    const { event } = await recorded('denied', { ...passage, call: { ...passage.call, reason: 'why \ud83d' } });

    expect(event.agent?.reason).toBe('why \ufffd');
  });

  test('cuts what did not run to what fits, and says so', async () => {
    const passage = aPassage();
    if (passage.operation) passage.operation.recorded = { statement: 'é'.repeat(300_000), parameters: [] };

    const { event } = await recorded('denied', passage);

    expect(event.statement).toMatch(/… \(600000 bytes\)$/);
    expect(event.note).toMatch(/^Cut from \d+ bytes/);
  });
});

describe('a flood of callers nobody knows', () => {
  test('is counted exactly, by reason, in few events', async () => {
    const trail = aTrail();
    await trail.audit.open();
    const refusal = (reason: string) =>
      trail.audit.note('refused', { problem: new Problem('unauthenticated', { reason }) });

    for (let index = 0; index < 500; index++) await refusal(index % 2 === 0 ? 'expired' : 'forged');
    await trail.audit.close();

    const refused = trail.table.events().filter(({ type }) => type === 'refused');
    const total = (reason: string) =>
      refused.filter(({ note }) => note === reason).reduce((sum, { occurrences }) => sum + occurrences, 0);
    expect(refused).toHaveLength(22);
    expect([total('expired'), total('forged')]).toEqual([250, 250]);
  });

  test('with ever new reasons takes no more than a bounded number of events', async () => {
    const trail = aTrail();
    await trail.audit.open();

    for (let index = 0; index < 500; index++)
      await trail.audit.note('refused', { problem: new Problem('unauthenticated', { reason: `reason-${index}` }) });
    await trail.audit.close();

    const refused = trail.table.events().filter(({ type }) => type === 'refused');
    expect(refused.length).toBeLessThanOrEqual(20 + 33);
    expect(refused.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(500);
  });

  test('does not keep a known caller’s refusal from being recorded by itself', async () => {
    const trail = aTrail();
    await trail.audit.open();

    for (let index = 0; index < 30; index++)
      await trail.audit.note('refused', aPassage({ problem: new Problem('not-found') }));
    await trail.audit.close();

    expect(trail.table.events().filter(({ type }) => type === 'refused')).toHaveLength(30);
  });
});
