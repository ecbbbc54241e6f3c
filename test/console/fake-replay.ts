import type { OperationTold, Recorded, Replay } from '../../src/evidence/evidence.ts';
import { recordedSoFar } from '../../src/evidence/recorded.ts';
import { formsOf } from '../../src/evidence/recorded-forms.ts';

const hostile = {
  html: '<script>alert(1)</script><img src=x onerror=alert(2)>',
  terminal: '\u001b[2J\u001b]0;owned\u0007\u001b[31mred\u202etxt.exe',
  formula: '=HYPERLINK("http://evil.example","click")',
};
/** Operations by names as the product gives them. */
export const known = {
  ...{ intact: 'op_01m81etj5dxzczaw9rndwywqas', changed: 'op_01m81etj6vaqsxw0fq4wjnky2s' },
  ...{ session: 'op_01m81etj7vaqsxw0fq4wjnky2t', body: 'op_01m81etj8vaqsxw0fq4wjnky2v' },
};
const bot = 'serviceAccount:bot@p.iam.gserviceaccount.com';

function anOperation(more: Partial<OperationTold> = {}): OperationTold {
  return {
    session: 'run-1',
    operation: 'op_1',
    principal: { member: bot, email: null, kind: 'agent', issuer: 'https://issuer.example', subject: '1234' },
    agent: { name: 'bot', version: '2', model: 'gemini', conversation: null, attested: false, reason: hostile.html },
    connection: 'crm',
    target_kind: 'postgres',
    verb: 'read',
    risks: ['bulk'],
    resources: ['public.users'],
    classes: ['EMAIL_ADDRESS'],
    statement: `select id, email from users -- ${hostile.html} ${hostile.terminal}`,
    statement_sha256: 'b'.repeat(64),
    parameters: '[7]',
    decision: { effect: 'allow', policies: ['readers'], policy_version: 'v1', overridden: [], unmask: [] },
    approval: {
      id: 'apr_1',
      digest: 'c'.repeat(64),
      requester: bot,
      approvers: ['user:dba@example.com'],
      requested_at: '2026-01-05T08:59:00.000Z',
      decided_at: '2026-01-05T09:00:00.000Z',
      reason: 'ticket 4711',
    },
    protection: 'proven',
    masks: [{ resource: 'public.users.email', class: 'EMAIL_ADDRESS', transform: 'redact', values: null }],
    findings: [{ class: 'IBAN_CODE', count: 2 }],
    result: { rows: 3, affected: null, bytes: 100, sha256: null, truncated: false, status: null, error_code: null },
    credential: { secret: 'projects/p/secrets/crm', version: '3' },
    duration_ms: { total: 12.4, queue: 0, target: 8, audit: 2 },
    trace: null,
    outcome: 'completed',
    why: null,
    asked_at: '2026-01-05T09:00:01.000Z',
    ended_at: '2026-01-05T09:00:01.500Z',
    recording: {
      ...{ chunks: 1, bytes: 200, sha256: 'a'.repeat(64), truncated: false },
      ...{ event_id: 'ev_1', time: '2026-01-05T09:00:01.500Z' },
    },
    unrecorded: null,
    steps: [
      {
        time: '2026-01-05T09:00:01.000Z',
        type: 'intended',
        by: bot,
        event_id: 'ev_1',
        chain: 'ch_1',
        seq: 4,
        note: null,
      },
      {
        time: '2026-01-05T09:00:01.500Z',
        type: 'completed',
        by: bot,
        event_id: 'ev_1',
        chain: 'ch_1',
        seq: 5,
        note: null,
      },
    ],
    ...more,
  };
}

const columns = [
  { name: 'id', type: 'int8' },
  { name: 'email', type: 'text', masked: 'EMAIL_ADDRESS' },
  { name: hostile.formula, type: 'json' },
];
const rows = [
  ['9007199254740991', '"[EMAIL_ADDRESS]"', JSON.stringify(hostile.html)],
  ['-2', 'null', JSON.stringify(hostile.terminal)],
  ['3', `"${'x'.repeat(3000)}"`, '{"n": 12345678901234567890.10}'],
  ['4', '""', JSON.stringify(hostile.formula)],
];

function aRecording(more: Partial<Recorded> = {}): Recorded {
  const lines = [JSON.stringify({ columns }), ...rows.map((row) => `[${row.join(',')}]`)];
  return {
    ...{ state: 'intact', faults: [], truncated: false, columns, rows },
    chunks: [{ chunk: 0, offset_ms: 0, bytes: 200, sha256: 'a'.repeat(64) }],
    content: lines.map((line) => `${line}\n`).join(''),
    ...more,
  };
}

const cast = [
  { version: 3, term: { cols: 80, rows: 24 }, timestamp: 1767603600, command: 'sh -c "ls; id"' },
  [0.1, 'o', '$ '],
  [0.5, 'i', 'ls\r'],
  [0.2, 'o', `ls\r\n\u001b[34mbin\u001b[0m  etc\r\n${hostile.html}${hostile.terminal}\r\n`],
  [9, 'm', 'stderr'],
  [0, 'o', 'oops\r\n'],
  [0.1, 'x', '3'],
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');
const body = `${JSON.stringify({ status: 404, headers: [['content-type', 'application/json']] })}\n{"n":12345678901234567890.10,"t":${JSON.stringify(hostile.html)}}`;

const formed = (content: string): Recorded => aRecording({ columns: [], rows: [], content, ...formsOf(content) });

/** A trail with one session, and a few operations that are not as they should be. */
export function fakeReplay(): Replay {
  const operations: Record<string, OperationTold> = {
    op_1: anOperation(),
    [known.intact]: anOperation({ operation: known.intact }),
    [known.changed]: anOperation({ operation: known.changed }),
    [known.session]: anOperation({ operation: known.session, target_kind: 'kubernetes', verb: 'execute' }),
    [known.body]: anOperation({ operation: known.body, target_kind: 'http' }),
    op_changed: anOperation({ operation: 'op_changed' }),
    op_exempt: anOperation({ operation: 'op_exempt', recording: null, unrecorded: 'Policy left it in the clear.' }),
    op_other: anOperation({
      ...{ operation: 'op_other', outcome: 'denied', why: 'no-grant', approval: null },
      principal: { member: 'user:eve@example.com', email: null, kind: 'human', issuer: 'i', subject: 's' },
    }),
  };
  return {
    async sessions({ principal, after }) {
      const session = {
        ...{ session: '..', principal: bot, principal_kind: 'agent', agents: [hostile.html], connections: ['crm'] },
        ...{ verbs: ['read'], first_at: '2026-01-05T09:00:00.000Z', last_at: '2026-01-05T09:10:00.000Z' },
        ...{ operations: 3, completed: 1, failed: 1, not_known: 0, refused: 1, rows_returned: 3, bytes_recorded: 200 },
      };
      const page = principal === undefined || principal === bot ? [session] : [];
      return after === undefined ? { page, next: 'the-next-page' } : { page };
    },
    async session(session) {
      const all = [anOperation({ session }), anOperation({ ...operations['op_other'], session })];
      return { page: all };
    },
    operation: async (id) => operations[id],
    toldBy(intent) {
      const { operation, statement, time, connection } = JSON.parse(intent);
      const asked = { operation, statement, connection, asked_at: time, verb: 'execute', target_kind: 'kubernetes' };
      return anOperation({ ...asked, outcome: 'running', ended_at: null, recording: null });
    },
    soFar: recordedSoFar,
    async recording({ operation, recording }) {
      if (recording === null)
        return aRecording({
          state: 'unrecorded',
          faults: ['Policy left it in the clear.'],
          columns: [],
          rows: [],
          content: '',
        });
      if (operation === known.session) return formed(cast);
      if (operation === known.body) return formed(body);
      return operation === 'op_changed' || operation === known.changed
        ? aRecording({ state: 'changed', faults: ['Chunk 0 was changed.'] })
        : aRecording();
    },
  };
}
