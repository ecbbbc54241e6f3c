import { describe, expect, test } from 'vitest';
import { accessReviewedNote } from '../../src/model/access-review.ts';
import { aConsole } from './fixture.ts';

const policy = { principals: ['group:analysts'], connections: ['crm'], verbs: ['read'], effect: 'allow' };

function withDocuments() {
  const fixture = aConsole();
  fixture.policies.seed('groups/dba', { members: ['user:dba@example.com', 'user:admin@example.com'] });
  fixture.policies.seed('policies/analysts-read', policy);
  fixture.policies.seed('policies/admins-too', { ...policy, principals: ['group:sallyport-admins'] });
  fixture.policies.seed('agents/bot', {
    member: 'serviceAccount:bot@p.iam.gserviceaccount.com',
    owner: 'user:o@example.com',
  });
  return fixture;
}

const dba = {
  kind: 'groups',
  name: 'dba',
  member: 'user:dba@example.com',
  decision: 'keep',
  reason: 'still in the team',
};

type Listed = {
  reviews: { kind: string; name: string; member: string | null; standing: string; may_review: boolean }[];
};

async function standings(fixture: ReturnType<typeof withDocuments>, who = 'admin') {
  const { reviews } = (await (await fixture.as(who, '/api/reviews')).json()) as Listed;
  return Object.fromEntries(reviews.map(({ name, member, standing }) => [member ?? name, standing]));
}

describe('reviews of access', () => {
  test.each(['admin', 'auditor'])(
    '%s sees each membership, policy and agent, and that none was reviewed',
    async (who) => {
      const fixture = withDocuments();

      expect(await standings(fixture, who)).toEqual({
        'user:dba@example.com': 'never',
        'user:admin@example.com': 'never',
        'analysts-read': 'never',
        'admins-too': 'never',
        bot: 'never',
      });
    },
  );

  test('a review is in the trail with what was reviewed, and is the last one from then on', async () => {
    const fixture = withDocuments();

    const answer = await fixture.send('admin', 'POST', '/api/reviews', dba);

    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({
      standing: 'reviewed',
      last: { decision: 'keep', reason: 'still in the team', by: { member: 'user:admin@example.com' } },
    });
    expect(fixture.noted.map(({ type }) => type)).toEqual(['access_reviewed']);
    expect(accessReviewedNote.parse(JSON.parse(fixture.noted[0]?.note ?? ''))).toMatchObject({
      kind: 'groups',
      name: 'dba',
      member: 'user:dba@example.com',
      decision: 'keep',
      access: { member: 'user:dba@example.com' },
    });
    expect(await standings(fixture)).toMatchObject({ 'user:dba@example.com': 'reviewed' });
  });

  test('what changed since, is over a quarter old, or should be gone waits for a review again', async () => {
    const fixture = withDocuments();
    await fixture.send('admin', 'POST', '/api/reviews', dba);
    await fixture.send('admin', 'POST', '/api/reviews', {
      ...dba,
      kind: 'agents',
      name: 'bot',
      member: undefined,
      decision: 'revoke',
    });
    await fixture.send('admin', 'POST', '/api/reviews', {
      ...dba,
      kind: 'policies',
      name: 'analysts-read',
      member: undefined,
    });

    fixture.policies.seed('policies/analysts-read', { ...policy, verbs: ['read', 'write'] });
    fixture.clock.forward(93 * 86_400);

    expect(await standings(fixture)).toMatchObject({
      'user:dba@example.com': 'overdue',
      'analysts-read': 'changed',
      bot: 'revoked',
    });
  });

  test.each([
    ['a membership', { ...dba, member: 'user:admin@example.com' }],
    ['a policy that lets one act', { ...dba, kind: 'policies', name: 'admins-too', member: undefined }],
  ])('nobody reviews %s of one’s own', async (_, review) => {
    const fixture = withDocuments();

    const answer = await fixture.send('admin', 'POST', '/api/reviews', review);

    expect(answer.status).toBe(403);
    expect(fixture.noted.map(({ type }) => type)).toEqual(['denied']);
  });

  test('an agent is not reviewed by its owner', async () => {
    const fixture = withDocuments();
    fixture.policies.seed('agents/bot', {
      member: 'serviceAccount:b@p.iam.gserviceaccount.com',
      owner: 'user:admin@example.com',
    });

    const answer = await fixture.send('admin', 'POST', '/api/reviews', {
      ...dba,
      kind: 'agents',
      name: 'bot',
      member: undefined,
    });

    expect(answer.status).toBe(403);
  });

  test.each(['auditor', 'dba', 'stranger', 'bot'])('%s reviews nothing', async (who) => {
    const fixture = withDocuments();

    expect((await fixture.send(who, 'POST', '/api/reviews', dba)).status).toBe(403);
    expect(fixture.noted.map(({ type }) => type)).toEqual(['denied']);
  });

  test.each([
    ['no such member', { ...dba, member: 'user:nobody@example.com' }, 404],
    ['a document that changed since it was seen', { ...dba, etag: 'old' }, 412],
    ['no reason', { ...dba, reason: ' ' }, 400],
    ['an unknown decision', { ...dba, decision: 'maybe' }, 400],
  ])('a review of %s is refused', async (_, review, status) => {
    const fixture = withDocuments();

    expect((await fixture.send('admin', 'POST', '/api/reviews', review)).status).toBe(status);
  });

  test('the page has a form for whoever may review, and none for what is their own', async () => {
    const fixture = withDocuments();

    const text = await (await fixture.as('admin', '/reviews')).text();
    const auditors = await (await fixture.as('auditor', '/reviews')).text();

    expect(text).toContain('5 of 5 wait for a review.');
    expect(text.match(/name="decision" value="keep"/g)).toHaveLength(3);
    expect(text.match(/It is your own access/g)).toHaveLength(2);
    expect(auditors).not.toContain('name="decision"');
  });
});
