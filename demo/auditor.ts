import { setTimeout as pause } from 'node:timers/promises';
import { createBigQuery, type QueryRow } from '../src/platform/bigquery.ts';
import type { People } from './people.ts';
import type { Stand } from './stand.ts';
import type { Terminal } from './terminal.ts';

const ARRIVES_SECONDS = 15;

/** Who did what, by which model; who approved; what was masked: asked of BigQuery itself, and of the console. */
export async function askAuditor(scene: {
  stand: Stand;
  people: People;
  terminal: Terminal;
  holds: (claim: string, held: boolean) => void;
}): Promise<void> {
  const { stand, people, terminal, holds } = scene;
  const bigquery = createBigQuery({ projectId: stand.project, emulatorHost: stand.bigquery.replace('http://', '') });
  async function ask(sql: string): Promise<QueryRow[]> {
    terminal.request(sql.replaceAll(/\s+/g, ' ').trim());
    const rows = await bigquery.query(sql);
    terminal.table(rows);
    return rows;
  }

  await untilShipped(() => bigquery.query(unfinished));
  const who = await ask(whoDidWhat);
  holds(
    'every call is there, with the model that asked',
    who.some(({ model, type }) => model === 'gemini-3-pro' && type === 'completed'),
  );

  const approvals = await ask(whoApproved);
  holds(
    'each approval is by the DBA, and was spent by exactly one run',
    ['crm', 'cluster', 'warehouse'].every((name) => approvals.some(({ connection }) => connection === name)) &&
      approvals.every(({ approver, runs }) => approver === 'user:dba@example.com' && runs === 1),
  );

  const masked = await ask(whatWasMasked);
  holds(
    'what was masked is told by column, by Secret, and by field of the service',
    ['public.users.email', 'team-a/secrets/database', 'customers.get.**.email'].every((name) =>
      masked.some(({ resource }) => resource === name),
    ),
  );

  const leaks = await bigquery.query(anythingClassified);
  holds('no address of a customer and no password is in the trail', leaks.length === 1 && leaks[0]?.['leaks'] === 0);

  const evidence = await people.get(`${stand.console}/api/evidence/failed_access`, stand.tokens.auditor);
  holds('the same is evidence in the console', evidence.status === 200);
}

/** Rows reach BigQuery in the background, within a second or two. */
async function untilShipped(check: () => Promise<QueryRow[]>) {
  const until = Date.now() + ARRIVES_SECONDS * 1000;
  let quiet = 0;
  for (let before = -1; quiet < 3 && Date.now() < until; await pause(300)) {
    const events = Number((await check())[0]?.['events'] ?? 0);
    quiet = events === before ? quiet + 1 : 0;
    before = events;
  }
}

const unfinished = 'SELECT COUNT(*) AS events FROM `sallyport_evidence.events`';

const whoDidWhat = `
  SELECT principal.member AS who, agent.model AS model, verb, type, COUNT(*) AS events
  FROM \`sallyport_evidence.events\`
  WHERE session = 'demo' AND type NOT IN ('intended')
  GROUP BY who, model, verb, type
  ORDER BY who, verb, type`;

const whoApproved = `
  SELECT yes.approval.id AS approval_id, yes.connection AS connection, yes.principal.member AS approver, COUNT(run.event_id) AS runs
  FROM \`sallyport_evidence.events\` AS yes
  JOIN \`sallyport_evidence.events\` AS run ON run.approval.id = yes.approval.id AND run.phase = 'intent'
  WHERE yes.type = 'approved'
  GROUP BY approval_id, connection, approver`;

const whatWasMasked = `
  SELECT mask.resource AS resource, mask.class AS class, COUNT(*) AS operations
  FROM \`sallyport_evidence.events\`
  CROSS JOIN UNNEST(masks) AS mask
  WHERE phase = 'outcome'
  GROUP BY resource, class
  ORDER BY resource`;

const anythingClassified = `
  SELECT COUNTIF(REGEXP_CONTAINS(CONCAT(IFNULL(statement, ''), IFNULL(parameters, ''), IFNULL(note, '')), r'customer[0-9]+@|@post\\.example|DE8937|battery')) AS leaks
  FROM \`sallyport_evidence.events\``;
