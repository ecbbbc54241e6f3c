import { randomBytes } from 'node:crypto';
import type { Answer, People } from '../people.ts';
import type { Stand } from '../stand.ts';

type Scene = { stand: Stand; people: People; holds(claim: string, held: boolean): void };

const EMAIL = /customer\d+@|@(mail|post|inbox)\.example/;
const SSN = /\b\d{3}-\d{2}-\d{4}\b/;

/** The warehouse, by `…/operations` and as BigQuery's own clients ask. */
export async function askWarehouse({ stand, people, holds }: Scene) {
  const { bot, dba } = stand.tokens;
  const operations = `${stand.gateway}/v1/connections/warehouse/operations`;
  const run = (statement: string) => people.post(operations, bot, { statement });

  const read = await run('SELECT id, email, ssn, address.city FROM sales.customers ORDER BY id LIMIT 3');
  holds(
    'customers come masked at their source, by our documents and by policy tags alike',
    read.status === 200 && !leaks(read) && read.body.result?.rows.length === 3,
  );
  holds('what BigQuery billed is told', text(read).includes('BigQuery billed'));

  const sly = await run(
    "SELECT TO_HEX(CAST(email AS BYTES)) AS h, STRPOS(email, '@') AS at_sign FROM sales.customers LIMIT 3",
  );
  holds(
    'computing from them gives nothing away',
    !leaks(sly) && !text(sly).includes(Buffer.from('customer').toString('hex')),
  );
  const payroll = await run('SELECT salary FROM sales.payroll');
  holds('the payroll is none of its business', payroll.status === 403);

  const rest = `${stand.gateway}/bigquery/warehouse/bigquery/v2/projects/${stand.project}`;
  const tables = await people.get(`${rest}/datasets/sales/tables`, bot);
  holds(
    'clients see the tables that policy lets be touched',
    text(tables).includes('customers') && !text(tables).includes('payroll'),
  );

  const statement = "UPDATE sales.orders SET status = 'paid' WHERE id = 4";
  const write = () =>
    people.post(`${rest}/jobs`, bot, {
      jobReference: { projectId: stand.project, jobId: `job_${randomBytes(8).toString('hex')}` },
      configuration: { query: { query: statement, useLegacySql: false } },
    });
  const asked = await write();
  const id = /apr_\w+/.exec(text(asked))?.[0] ?? '';
  holds(
    'a write waits for the DBA, and the client is told where',
    asked.status === 403 && text(asked).includes('approvalPending'),
  );
  const approval = `${stand.console}/api/approvals/${id}`;
  const { body } = await people.get(approval, dba);
  await people.post(`${approval}/decision`, dba, { decision: 'approve', digest: body.digest, reason: 'reviewed' });
  const ran = await write();
  holds(
    'once it is approved, the same command runs',
    ran.status === 200 && text(ran).includes('"numDmlAffectedRows":"1"'),
  );
}

const text = ({ body }: Answer) => JSON.stringify(body);

const leaks = (answer: Answer) => EMAIL.test(text(answer)) || SSN.test(text(answer));
