import { type Found, fault, type Group, unknown } from './check.ts';
import { type Facts, type RoleName, shortName } from './facts.ts';

/** What an address says to somebody who shows nothing; undefined where nobody answers. */
async function answerOf(facts: Facts, role: RoleName, path: string) {
  const part = facts.local ? undefined : await facts.part(role);
  const address = facts.local?.[role] ?? part?.service.uri;
  if (!address) return undefined;
  const answer = await facts.visit(`${address}${path}`).catch(() => 'nobody' as const);
  return { answer, address, ingress: part?.service.ingress, name: part === undefined ? role : shortName(part.path) };
}

/** Behind internal ingress Cloud Run answers strangers with 404 itself; a path of our own tells whether it was us. */
async function gateway(facts: Facts): Promise<Found[]> {
  const visited = await answerOf(facts, 'gateway', '/openapi.json');
  if (visited === undefined) return [];
  const { answer, address, ingress, name } = visited;
  const isOpen = facts.local !== undefined || ingress === 'INGRESS_TRAFFIC_ALL';
  const logs = facts.local
    ? 'See .sallyport/stand.log'
    : `gcloud run services logs read ${name} --project=${facts.project} --region=${facts.region} --limit=50`;
  if (answer === 'nobody')
    return isOpen ? [unknown(`${address} cannot be reached from here.`, 'Look from a machine that may reach it.')] : [];
  if (answer.status === 200 && answer.body.includes('"openapi"')) return [];
  if (!isOpen) return [];
  if (answer.status === 403)
    return [
      unknown(
        `Cloud Run lets only callers in that it knows, so the gateway itself was not seen.`,
        'That is as meant where `gateway.public_invocation = false`; call it with a token in X-Serverless-Authorization.',
      ),
    ];
  return [fault(`The gateway answers ${answer.status} at ${address}.`, logs)];
}

async function ready(facts: Facts): Promise<Found[]> {
  const visited = await answerOf(facts, 'gateway', '/ready');
  if (visited === undefined || visited.answer === 'nobody' || visited.answer.status !== 503) return [];
  return [
    fault(
      'The gateway is not ready: policies are not known to be current, or the trail cannot be written.',
      `See firestore.beat, iam.parts and firestore.databases; then: gcloud run services logs read ${visited.name} --project=${facts.project} --region=${facts.region} --limit=50`,
    ),
  ];
}

async function console(facts: Facts): Promise<Found[]> {
  const visited = await answerOf(facts, 'console', '/');
  if (visited === undefined) return [];
  const { answer, address, ingress } = visited;
  if (answer === 'nobody')
    return ingress === 'INGRESS_TRAFFIC_ALL'
      ? [unknown(`${address} cannot be reached from here.`, 'Look from a machine that may reach it.')]
      : [];
  const isClosed =
    answer.status === 302 ||
    answer.status === 401 ||
    answer.status === 403 ||
    (answer.status === 404 && ingress !== 'INGRESS_TRAFFIC_ALL');
  return isClosed
    ? []
    : [
        fault(
          `The console answers ${answer.status} to somebody who did not sign in.`,
          'See services.iap and services.invokers.',
        ),
      ];
}

async function keeper(facts: Facts): Promise<Found[]> {
  const visited = await answerOf(facts, 'keeper', '/readyz');
  if (
    visited === undefined ||
    visited.answer === 'nobody' ||
    visited.answer.status === 404 ||
    visited.answer.status === 403
  )
    return [];
  return [
    fault(
      `The keeper answers ${visited.answer.status} from here.`,
      'See services.ingress. Within the project’s own network it is as meant.',
    ),
  ];
}

export const reachChecks: Group = {
  name: 'reach',
  title: 'From outside',
  checks: [
    {
      id: 'reach.gateway',
      promise: 'The gateway answers, where its ingress lets strangers come so far.',
      rights: ['run.services.get'],
      local: true,
      run: gateway,
    },
    {
      id: 'reach.ready',
      promise: 'The gateway is ready, where that can be seen from here.',
      rights: ['run.services.get'],
      local: true,
      run: ready,
    },
    {
      id: 'reach.console',
      promise: 'The console shows nothing to who did not sign in.',
      rights: ['run.services.get'],
      run: console,
    },
    {
      id: 'reach.keeper',
      promise: 'The keeper does not answer from outside.',
      rights: ['run.services.get'],
      run: keeper,
    },
  ],
};
