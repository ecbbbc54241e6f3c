import { asProblem, Problem } from '../../../src/model/problem.ts';
import { agentAt, type Closing } from '../../targets/bigquery/warehouse.ts';
import { CLASSIFICATION, PROJECT, SSN_TAG, startWarehouse, type Warehouse } from './world.ts';

export type Agent = ReturnType<typeof agentAt>;

/** Everything that somebody sees of one answer. `refused` says why where it was not run. */
export type Observation = { seen: string; refused?: string };

/** What the built-in guards send to a human, so that an agent alone cannot run it. */
const decidedByHumans: readonly string[] = ['unbounded', 'irreversible', 'schema', 'opaque', 'bulk'];

const CLASSES = [
  ...new Set([
    ...Object.values(CLASSIFICATION).flatMap((columns) => Object.values(columns)),
    'US_SOCIAL_SECURITY_NUMBER',
  ]),
];

export type TwoWarehouses = {
  warehouses: readonly [Warehouse, Warehouse];
  agents: readonly [Agent, Agent];
  clear: readonly [Agent, Agent];
};

/** Two warehouses that differ in classified values alone, an agent at each, and one at each from whom nothing is hidden. */
export async function twoWarehouses(closing: Closing): Promise<TwoWarehouses> {
  const warehouses = await Promise.all([startWarehouse('a'), startWarehouse('b')]);
  for (const { stop } of warehouses) closing.push(stop);
  const agent = ({ url }: Warehouse, unmask: readonly string[]) =>
    agentAt(url, closing, {
      settings: { project: PROJECT, policy_tags: { [SSN_TAG]: 'US_SOCIAL_SECURITY_NUMBER' } },
      classification: CLASSIFICATION,
      unmask,
    });
  const [a, b] = warehouses;
  return { warehouses: [a, b], agents: [agent(a, []), agent(b, [])], clear: [agent(a, CLASSES), agent(b, CLASSES)] };
}

/** What chance and the clock make, and where the warehouse is: all that may differ between two answers. */
function settled(seen: unknown): string {
  return JSON.stringify(seen)
    .replace(/127\.0\.0\.1:\d+/g, '<host>')
    .replace(/sallyport_[\w-]+/g, '<job>')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>');
}

/** Sends a statement as an agent does, and notes all that comes back: rows, columns, counts, warnings, errors, and what policy hears of it. `isApproved`: a human has said yes. */
export async function observe(agent: Agent, statement: string, { isApproved = false } = {}): Promise<Observation> {
  const understood = await agent.understand({ statement }).catch(asProblem);
  if (understood instanceof Error) return problemSeen(understood);
  const { verb, risks, resources, classes, masks, warnings, estimates, unprovable, protection } = understood;
  const heard = { verb, risks, resources, classes, masks, warnings, estimates, unprovable, protection };
  const refused = refusal(resources, isApproved ? [] : risks);
  if (refused !== undefined) return { seen: settled({ heard, refused }), refused };
  const answer = await agent.rows(statement).catch(asProblem);
  if (answer instanceof Error) return problemSeen(answer, heard);
  const { rows, columns, operation: _operation, targetJob: _job, ...summary } = answer;
  return { seen: settled({ heard, rows, columns, summary }) };
}

/** As policy has it: nobody sees the payroll, and what cannot be taken back is for a human to say. */
function refusal(resources: readonly string[], risks: readonly string[]): string | undefined {
  if (resources.some((resource) => resource.includes('payroll'))) return 'denied';
  const risk = risks.find((each) => decidedByHumans.includes(each));
  return risk === undefined ? undefined : `a human decides: ${risk}`;
}

function problemSeen(error: ReturnType<typeof asProblem>, heard?: object): Observation {
  const { code, status, message, detail } = error;
  return { seen: settled({ code, status, message, detail, heard }), refused: `${code}: ${detail ?? ''}` };
}

export type RestRequest = readonly [method: string, path: string, body?: object];

/** Sends a request of BigQuery's own API; `{job}` in a path is the job that the one before it made. */
export async function observeRest(agent: Agent, requests: readonly RestRequest[]): Promise<Observation> {
  const seen: unknown[] = [];
  let job = 'none';
  for (const [method, path, body] of requests) {
    const at = `/bigquery/v2/projects/${PROJECT}${path.replace('{job}', job)}`;
    const answer = await allowed(agent, method, at, body).catch(asProblem);
    if (answer instanceof Error) {
      const { seen: problem, refused } = problemSeen(answer);
      return { seen: settled([...seen, problem]), ...(refused !== undefined && { refused }) };
    }
    job = String(answer.answer?.jobReference?.jobId ?? job);
    const { risks, resources, classes, warnings, estimates } = answer.operation;
    seen.push({
      status: answer.status,
      answer: withoutJob(answer.answer, job),
      heard: { risks, resources, classes, warnings, estimates },
    });
  }
  return { seen: settled(seen) };
}

async function allowed(agent: Agent, method: string, path: string, body: object | undefined) {
  const asked = { method, path, headers: {}, ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) }) };
  const { resources, risks } = await agent.understand(asked);
  const refused = refusal(resources, risks);
  if (refused !== undefined) throw new Problem('denied', { detail: refused });
  return agent.rest(method, path, body);
}

/** Without the id of the job and the times of the machine. */
function withoutJob(answer: unknown, job: string): unknown {
  const text = (JSON.stringify(answer) ?? '')
    .replace(/"pageToken":"([^"]*)"/g, (_, token: string) => `"pageToken":${Buffer.from(token, 'base64url')}`)
    .replaceAll(job, '<job>');
  return text.replace(/"(creationTime|startTime|endTime|etag|lastModifiedTime)":"[^"]*"/g, '"$1":""');
}
