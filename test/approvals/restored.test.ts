import { describe, expect, test } from 'vitest';
import { aFixture, aHuman, aPassage, consoleKeys } from './passages.ts';

const dba = aHuman('dba');

/** An approval that was spent, and the database as it was before that, as a restore brings it back. */
async function spentAndRestored() {
  const fixture = aFixture();
  const { approval } = await fixture.settle(aPassage());
  await fixture.vote(approval, dba);
  const before = fixture.store.contents();
  const spent = await fixture.settle(aPassage({ operationId: 'op_0002' }));
  const writes = Object.entries(before).map(([path, data]) => ({ op: 'set', path, data }) as const);
  await fixture.store.commit(writes);
  return { ...fixture, approval, spent, before };
}

describe('what an operator is told of a restored database', () => {
  test('a spent approval is there again, and could be spent a second time until it expires', async () => {
    const { settle, spent } = await spentAndRestored();

    const again = await settle(aPassage({ operationId: 'op_0003' }));
    const restored = await spentAndRestored();
    restored.clock.forward(1800);
    const late = await restored.settle(aPassage({ operationId: 'op_0004' }));

    expect(spent.state).toBe('granted');
    expect(again.state).toBe('granted');
    expect(late.state).toBe('expired');
  });

  test('without its approvals and their digests, whoever waited asks anew', async () => {
    const { settle, store, before } = await spentAndRestored();
    for (const path of Object.keys(before)) if (/^approval(s|_digests)\//.test(path)) store.drop(path);

    const asked = await settle(aPassage({ operationId: 'op_0003' }));

    expect(asked).toMatchObject({ state: 'waiting', asked: true });
  });

  test('a change of any policy voids what is open, and taking it back brings it back', async () => {
    const { settle } = await spentAndRestored();

    const changed = await settle(aPassage({ decision: { policyVersion: 'b'.repeat(64) } }));
    const takenBack = await settle(aPassage());

    expect(changed).toMatchObject({ state: 'waiting', asked: true });
    expect(takenBack.state).toBe('granted');
  });
});

describe('what an operator is told of a new version of the key of decisions', () => {
  test('a yes that the old version signed is not spent, and is told as one that nobody signed', async () => {
    const old = aFixture();
    const { approval } = await old.settle(aPassage());
    await old.vote(approval, dba);
    const { verifier } = consoleKeys('projects/p/locations/global/keyRings/r/cryptoKeys/decisions/cryptoKeyVersions/2');
    const rotated = aFixture({ store: old.store, verifier });

    await expect(rotated.approvals.settle(aPassage())).rejects.toMatchObject({ code: 'denied' });
    expect(rotated.corrupt).toEqual([expect.stringContaining('approval-invalid: signature')]);
  });
});
