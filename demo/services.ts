import { setTimeout as pause } from 'node:timers/promises';
import { secrets } from './cluster/objects.ts';
import type { Answer, People } from './people.ts';
import { exec } from './session.ts';
import type { Stand } from './stand.ts';
import type { Terminal } from './terminal.ts';

type Scene = { stand: Stand; people: People; terminal: Terminal; holds(claim: string, held: boolean): void };

/** A cluster, as kubectl would ask it. */
export async function useCluster(scene: Scene) {
  const { stand, people, holds } = scene;
  const gateway = `${stand.gateway}/k8s/cluster`;
  const bot = stand.tokens.bot;

  const pods = await people.get(`${gateway}/api/v1/namespaces/team-a/pods`, bot);
  holds('the bot sees the Pods of its namespace', pods.status === 200 && textOf(pods).includes('"name":"worker"'));

  const secret = await people.get(`${gateway}/api/v1/namespaces/team-a/secrets/database`, bot);
  holds(
    'it reads a Secret, and learns its keys alone',
    secret.status === 200 && hides(textOf(secret), secrets.database),
  );

  const elsewhere = await people.get(`${gateway}/api/v1/namespaces/team-b%2Fsecrets/api-key`, bot);
  const all = await people.get(`${gateway}/api/v1/secrets`, bot);
  holds(
    'another namespace is none of its business, however the path is written',
    elsewhere.status >= 400 && all.status === 403 && hides(textOf(elsewhere) + textOf(all), secrets.apiKey),
  );

  const scale = () =>
    people.patch(`${gateway}/apis/apps/v1/namespaces/team-a/deployments/shop/scale`, bot, { spec: { replicas: 3 } });
  const asked = await scale();
  holds(
    'scaling waits for a human, and kubectl knows when to try again',
    asked.status === 429 && asked.headers.has('retry-after'),
  );
  await approve(scene, /apr_\w+/.exec(textOf(asked))?.[0] ?? '');
  const scaled = await scale();
  holds(
    'once the DBA has approved it, the same request runs',
    scaled.status === 200 && textOf(scaled).includes('"replicas":3'),
  );

  await runInPod(scene, gateway);
}

/** The handshake itself is held until the human has decided, and then the program runs. */
async function runInPod(scene: Scene, gateway: string) {
  const { stand, people, terminal, holds } = scene;
  const command = ['printenv', 'CONTACT', 'API_KEY'];
  terminal.request(`exec team-a/worker: ${command.join(' ')}`);
  const running = exec(gateway, { pod: 'team-a/worker', command, token: stand.tokens.bot });
  let ended = false;
  void running.finally(() => {
    ended = true;
  });
  const held = await until(async () => {
    const { body } = await people.get(`${stand.console}/api/approvals?state=pending`, stand.tokens.dba);
    return idsOf(body['approvals']).find(({ bound }) => bound.includes('/exec?'))?.id;
  });
  holds('a program in a Pod waits for a human, with the connection held open', held !== undefined && !ended);
  await approve(scene, held ?? '');
  const { out, status } = await running;
  terminal.answer(out);
  holds(
    'it ran, and what it printed of a person and of a key is masked',
    status.status === 'Success' && hides(out, secrets.contact) && hides(out, secrets.googleKey),
  );
}

async function approve({ stand, people }: Scene, id: string) {
  const approval = `${stand.console}/api/approvals/${id}`;
  const shown = await people.get(approval, stand.tokens.dba);
  const decision = { decision: 'approve', digest: shown.body.digest, reason: 'reviewed' };
  await people.post(`${approval}/decision`, stand.tokens.dba, decision);
}

type Pending = { id: string; bound: string };

function idsOf(approvals: unknown): Pending[] {
  return Array.isArray(approvals) ? approvals.map(({ id, bound }) => ({ id: String(id), bound: String(bound) })) : [];
}

const WAITS_SECONDS = 15;

async function until<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  for (const end = Date.now() + WAITS_SECONDS * 1000; Date.now() < end; await pause(300)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Neither as it is nor in base64. */
function hides(text: string, value: string): boolean {
  return !text.includes(value) && !text.includes(Buffer.from(value).toString('base64'));
}

/** A service over HTTP, as any client would ask it. */
export async function askBilling({ stand, people, holds }: Scene) {
  const at = `${stand.gateway}/http/billing/v1`;
  const bot = stand.tokens.bot;

  const customer = await people.get(`${at}/customers/1`, bot);
  holds(
    'a customer of the service comes masked, by a path of its JSON',
    customer.status === 200 && customer.body['email'] === '[EMAIL_ADDRESS]' && customer.body['balance'] === 1250,
  );

  const echo = await people.get(`${at}/debug/headers`, bot);
  holds(
    'the service was called with its credential, and cannot hand it to the bot',
    echo.status === 200 &&
      textOf(echo).includes('"authorization":"Bearer [CREDENTIAL]"') &&
      !textOf(echo).includes(bot),
  );

  const moved = await people.get(`${at}/old`, bot);
  holds('a redirect to somewhere else is not followed', moved.status === 302 && moved.headers.get('location') === null);

  const unknown = await people.get(`${at}/admin`, bot);
  const deleted = await people.remove(`${at}/customers/1`, bot);
  holds('what nobody declared or granted is refused', unknown.status === 403 && deleted.status === 403);
}

function textOf({ body }: Answer) {
  return JSON.stringify(body);
}
