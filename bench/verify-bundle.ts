import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { type Head, linkAll, prepare, startOf } from '../src/audit/chain.ts';
import { type Manifest, signedText } from '../src/evidence/manifest.ts';
import type { AuditFacts } from '../src/model/audit-event.ts';
import { type ChainHead, type Checkpoint, checkpointOf, noCheckpoint, rootOf } from '../src/model/checkpoint.ts';

/** Writes a bundle of so many events into a folder: intents and outcomes of four instances, signed every minute of 100,000 events an hour. */
const [folder = '', count = '1000000'] = process.argv.slice(2);
const events = Number(count);
const chains = 4;
const perMinute = 100_000 / 60;

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = String(key.publicKey.export({ type: 'spki', format: 'pem' }));
const signatureOf = (text: string) => sign('sha256', Buffer.from(text), key.privateKey).toString('base64');

const began = Date.parse('2026-01-05T00:00:00.000Z');
const timeOf = (index: number) => new Date(began + Math.floor((index * 60_000) / perMinute));

function factsOf(chain: number, seq: number, time: Date): AuditFacts {
  const call = Math.floor((seq - 1) / 2);
  const opening = seq === 0;
  const intent = seq % 2 === 1;
  const none = {
    rows: null,
    affected: null,
    bytes: null,
    sha256: null,
    truncated: false,
    status: null,
    error_code: null,
  };
  return {
    event_id: opening ? `ev_0mfk3open${chain}` : `ev_0mfk3${chain}${String(call).padStart(18, '0')}`,
    phase: opening ? 'fact' : intent ? 'intent' : 'outcome',
    time: time.toISOString(),
    type: opening ? 'chain_opened' : intent ? 'intended' : 'completed',
    session: `conversation-${call % 100}`,
    operation: opening ? null : `op_0mfk3${chain}${String(call).padStart(18, '0')}`,
    principal: {
      issuer: 'https://accounts.google.com',
      subject: '112233445566778899001',
      member: 'serviceAccount:bot@sallyport-demo.iam.gserviceaccount.com',
      email: 'bot@sallyport-demo.iam.gserviceaccount.com',
      groups: ['analysts'],
      claimed_groups: [],
      memberships: [],
      kind: 'agent',
    },
    agent: {
      name: 'crm-bot',
      version: '1.4.0',
      model: 'gemini-3-pro',
      conversation: 'c',
      attested: false,
      reason: 'ticket 4711',
    },
    connection: 'crm',
    target_kind: 'postgres',
    verb: 'read',
    risks: [],
    resources: ['public.users', 'public.orders'],
    classes: ['EMAIL_ADDRESS'],
    statement: `SELECT u.id, u.email, o.total FROM public.users u JOIN public.orders o ON o.user_id = u.id WHERE o.id = ${call}`,
    statement_sha256: createHash('sha256').update(String(call)).digest('hex'),
    parameters: '[]',
    decision: {
      effect: 'allow',
      policies: ['analysts-use-crm'],
      policy_version: 'v17',
      overridden: [],
      unmask: [],
      requirements: [],
    },
    approval: null,
    estimates: { rows: 1, bytes: 200, changes: null, at_most: null },
    protection: 'proven',
    masks: [{ resource: 'public.users.email', class: 'EMAIL_ADDRESS', transform: 'token', values: intent ? null : 1 }],
    findings: [],
    result: intent || opening ? null : { ...none, rows: 1, bytes: 271, sha256: 'ab'.repeat(32) },
    recording: null,
    credential: intent || opening ? null : { secret: 'crm-gateway', version: '1' },
    target_job: null,
    duration_ms: intent || opening ? null : { total: 8.67, queue: 0, target: 1.36, audit: 3.15 },
    gateway: {
      role: 'gateway',
      revision: 'gateway-00042',
      instance: `ins_${chain}`,
      version: '0.1.0',
      image_digest: null,
    },
    trace: '4bf92f3577b34da6a3ce929d0e0e4736',
    note: null,
    occurrences: 1,
  };
}

function openFile(path: string) {
  const stream = createWriteStream(join(folder, path));
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    async write(text: string) {
      hash.update(text);
      bytes += Buffer.byteLength(text);
      if (!stream.write(text)) await once(stream, 'drain');
    },
    async end() {
      stream.end();
      await finished(stream);
      return { path, sha256: hash.digest('hex'), bytes };
    },
  };
}

for (const name of ['trail', 'keys']) await mkdir(join(folder, name), { recursive: true });

const heads: Map<number, Map<number, ChainHead>> = new Map();
const trail = openFile('trail/events.ndjson');
const perChain = Math.floor(events / chains);
for (let chain = 0; chain < chains; chain++) {
  let head: Head = startOf(`ch_0mfk3${chain}`);
  for (let seq = 0; seq < perChain; seq++) {
    const index = seq * chains + chain;
    const { links, end } = linkAll([prepare(factsOf(chain, seq, timeOf(index)))], head);
    head = end;
    const minute = Math.floor(index / perMinute);
    const of = heads.get(minute) ?? new Map<number, ChainHead>();
    heads.set(minute, of);
    of.set(chain, { chain: end.chain, seq, hash: end.hash, closed: false });
    await trail.write(`${links[0]?.json}\n`);
  }
}
const files = [await trail.end()];

const checkpoints = openFile('trail/checkpoints.ndjson');
const all = new Map<number, ChainHead>();
let before: Checkpoint | undefined;
for (const [minute, moved] of [...heads].sort(([one], [other]) => one - other)) {
  for (const [chain, head] of moved) all.set(chain, head);
  const known = [...all.values()];
  const made = checkpointOf(
    {
      ...{ type: 'sallyport-checkpoint', version: 1, keeper: 'keeper-1', retained_from: null, recordings_from: null },
      number: before ? before.number + 1 : 0,
      time: new Date(began + (minute + 1) * 60_000).toISOString(),
      previous: before?.hash ?? noCheckpoint,
      root: rootOf(known),
      heads: known.length,
      events: known.reduce((sum, { seq }) => sum + seq + 1, 0),
    },
    known,
  );
  before = { ...made, signature: signatureOf(made.body), key: 'key/1' };
  await checkpoints.write(`${JSON.stringify(before)}\n`);
}
files.push(await checkpoints.end());
for (const name of ['checkpoint', 'approval']) {
  const file = openFile(`keys/${name}.pem`);
  await file.write(pem);
  files.push(await file.end());
}

const manifest: Manifest = {
  ...{ format: 'sallyport-evidence', version: 1, project: 'bench' },
  period: { from: timeOf(0).toISOString(), to: timeOf(events).toISOString() },
  exported_at: '2026-02-01T00:00:00.000Z',
  exported_by: 'user:auditor@example.com',
  files,
  trail: {
    events: perChain * chains,
    events_in_period: perChain * chains,
    first_time: timeOf(0).toISOString(),
    last_time: timeOf(perChain * chains - 1).toISOString(),
    chains,
    checkpoints: heads.size,
    from_checkpoint: null,
    to_checkpoint: before?.checkpoint ?? null,
    sealed: true,
    recordings_from: null,
    findings: 0,
  },
  queries: [],
};
const text = JSON.stringify(manifest);
const signed = signedText(text, manifest.exported_at);
await writeFile(join(folder, 'manifest.json'), text);
await writeFile(join(folder, 'manifest.sig'), JSON.stringify({ signed, signature: signatureOf(signed), key: 'key/1' }));
