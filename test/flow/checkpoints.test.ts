import { describe, expect, test } from 'vitest';
import {
  type ChainHead,
  chainHeadSchema,
  checkpointBodySchema,
  checkpointSchema,
  rootOf,
} from '../../src/model/checkpoint.ts';
import { createKmsVerifier } from '../../src/platform/kms.ts';
import { mint, type Received, request, run, stand, trail } from './stand.ts';

async function askForOne(): Promise<Received> {
  const email = `scheduler@${stand.project}.iam.gserviceaccount.com`;
  const token = await mint({ sub: '3001', email, email_verified: true, kind: 'agent' });
  return request('POST', `${stand.keeper}/tasks/checkpoint`, { token });
}

/** The checkpoint that the keeper makes now, as BigQuery has it. */
async function nextCheckpoint() {
  const { body } = await askForOne();
  const sql = `SELECT * FROM sallyport_audit.checkpoints WHERE time > '2020-01-01' AND checkpoint = '${body['checkpoint']}' LIMIT 1`;
  const checkpoint = checkpointSchema.parse((await trail(sql, (rows) => rows.length === 1))[0]);
  return { ...checkpoint, chains: chainHeadSchema.array().parse(JSON.parse(checkpoint.heads)) };
}

describe('checkpoints of the trail', () => {
  test('cover every operation', async () => {
    const { body } = await run('select count(*) from public.orders');
    const sql = `SELECT chain, seq FROM sallyport_evidence.events WHERE operation = '${body['operation']}' AND type = 'completed'`;
    const [outcome] = await trail(sql, (rows) => rows.length === 1);
    const isCovered = ({ chain, seq }: ChainHead) => chain === outcome?.['chain'] && seq >= Number(outcome['seq']);

    const covered = async () => (await nextCheckpoint()).chains.some(isCovered);

    await expect.poll(covered, { timeout: 30_000, interval: 500 }).toBe(true);
  });

  test('are signed with a key that only the keeper uses', async () => {
    const { body, signature, key, chains } = await nextCheckpoint();

    const verifier = createKmsVerifier({ keyVersion: stand.checkpoint_key, emulatorHost: stand.kms });
    expect(await verifier.verify(body, signature, key)).toBe(true);
    expect(checkpointBodySchema.parse(JSON.parse(body)).root).toBe(rootOf(chains));
  });

  test('are made for the scheduler alone', async () => {
    const answer = await request('POST', `${stand.keeper}/tasks/checkpoint`, { token: stand.tokens.admin });

    expect(answer.status).toBe(403);
  });

  test('are shown with the state of the trail to auditors and admins, to nobody else', async () => {
    await askForOne();
    const { bot, dba, admin, auditor } = stand.tokens;

    const answers = await Promise.all(
      [auditor, admin, dba, bot].map((token) => request('GET', `${stand.console}/api/integrity`, { token })),
    );

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 403, 403]);
    expect(answers[0]?.body).toMatchObject({ checkpoint: { signature: 'valid', key: stand.checkpoint_key } });
  });
});
