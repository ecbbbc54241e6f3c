import { describe, expect, test } from 'vitest';
import { approvalOf, decide, mint, request, run, stand } from './stand.ts';

/** I2: an approval is spent at most once, only for the exact operation, identity, connection and policy it was given for. */

let next = 0;
/** A statement that a human must approve, another each time. */
const aRiskyStatement = () => `comment on table public.orders is 'test ${process.pid} ${next++}'`;

describe('an approval', () => {
  test('lets the same request run once, however many try at the same time', async () => {
    const statement = aRiskyStatement();
    const id = approvalOf(await run(statement));
    await decide(id, 'approve');

    const answers = await Promise.all(Array.from({ length: 50 }, () => run(statement)));

    // Whoever spent it is told to come again where another has changed the catalog meanwhile, as tests beside this one do.
    const spent = answers.filter(({ status, text }) => status === 200 || text.includes('The catalog changed'));
    expect(spent).toHaveLength(1);
    for (const answer of answers) if (!spent.includes(answer)) expect([202, 409, 429]).toContain(answer.status);
  });

  test('is not for a request that differs in one byte', async () => {
    const statement = aRiskyStatement();
    const id = approvalOf(await run(statement));
    await decide(id, 'approve');

    const other = await run(`${statement} `);

    expect(approvalOf(other)).not.toBe(id);
    expect((await run(statement)).status).toBe(200);
  });

  test('is not for another identity', async () => {
    const statement = aRiskyStatement();
    const id = approvalOf(await run(statement));
    await decide(id, 'approve');
    const claims = {
      sub: '77',
      email: 'other@sallyport-demo.iam.gserviceaccount.com',
      email_verified: true,
      kind: 'agent',
    };
    const token = await mint({ ...claims, groups: ['analysts'] });

    const other = await run(statement, [], { token });

    expect(approvalOf(other)).not.toBe(id);
  });

  test('that was denied stays denied', async () => {
    const statement = aRiskyStatement();
    const id = approvalOf(await run(statement));
    await decide(id, 'deny');

    const answer = await run(statement);

    expect(answer).toMatchObject({ status: 403, body: { code: 'approval-denied', approval: id } });
  });

  test('runs a request that is held for it as soon as it comes', async () => {
    const statement = aRiskyStatement();
    const held = run(statement, [], { headers: { Prefer: 'wait=30' } });
    const pending = async () => {
      const { text } = await request('GET', `${stand.console}/api/approvals?state=pending`, {
        token: stand.tokens.dba,
      });
      return find(text, statement);
    };
    await expect.poll(pending, { timeout: 15_000 }).toBeTypeOf('string');

    await decide(String(await pending()), 'approve');

    expect((await held).status).toBe(200);
  });

  test.each(['bot', 'auditor', 'admin'] as const)('is not given by the %s', async (who) => {
    const statement = aRiskyStatement();
    const id = approvalOf(await run(statement));

    const decided = await decide(id, 'approve', stand.tokens[who]);

    expect([403, 404]).toContain(decided.status);
    expect((await run(statement)).status).toBe(202);
  });

  test('is refused for other bytes than were shown', async () => {
    const statement = aRiskyStatement();
    const id = approvalOf(await run(statement));
    const url = `${stand.console}/api/approvals/${id}/decision`;

    const decided = await request(
      'POST',
      url,
      { token: stand.tokens.dba },
      { decision: 'approve', digest: 'f'.repeat(64), reason: 'r' },
    );

    expect(decided.status).toBe(409);
    expect((await run(statement)).status).toBe(202);
  });
});

function find(text: string, statement: string): string | undefined {
  const { approvals }: { approvals: { id: string; bound: string }[] } = JSON.parse(text);
  return approvals.find(({ bound }) => bound.includes(JSON.stringify(statement)))?.id;
}
