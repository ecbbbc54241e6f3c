import type { Answer, People } from '../people.ts';
import type { Stand } from '../stand.ts';
import { planted } from './host.ts';

type Scene = { stand: Stand; people: People; holds(claim: string, held: boolean): void };

/** A host behind SSH, by the API: no key, no shell, and every command understood or asked about. */
export async function useBastion(scene: Scene) {
  const { stand, people, holds } = scene;
  const run = (command: string | readonly string[]) =>
    people.post(`${stand.gateway}/v1/connections/bastion/operations`, stand.tokens.bot, {
      command,
      reason: 'the demo',
    });

  const journal = await run('journalctl -u checkout --since today');
  holds('a declared command runs at once', journal.status === 200 && resultOf(journal)['exit_status'] === 0);
  holds(
    'what the journal says of a person, a card and a token is masked',
    textOf(journal).includes('[EMAIL_ADDRESS]') && hidesAll(journal) && textOf(journal).includes('retrying in 2 s'),
  );

  const failed = await run(['systemctl', 'status', 'no-such-unit']);
  holds('a command that fails tells its exit status', failed.status === 200 && resultOf(failed)['exit_status'] === 4);

  const dressed = await run('journalctl -u checkout --since "$(cat /etc/checkout.conf)"');
  holds('one that only looks declared is none: it waits for a human', dressed.status === 202);

  const command = 'cat /etc/checkout.conf';
  const asked = await run(command);
  holds('a command that nobody declared waits for a human', asked.status === 202);
  await approve(scene, asked.body.approval?.id ?? '');
  const shown = await run(command);
  holds(
    'once the DBA has approved it, it runs; the password in it stays hidden',
    shown.status === 200 && textOf(shown).includes('WORKERS=4') && hidesAll(shown),
  );

  const shadow = await run('cat /etc/shadow');
  holds('what would read credentials is refused, whoever would approve it', shadow.status === 403);
}

async function approve({ stand, people }: Scene, id: string) {
  const approval = `${stand.console}/api/approvals/${id}`;
  const { body } = await people.get(approval, stand.tokens.dba);
  const decision = { decision: 'approve', digest: body.digest, reason: 'reviewed' };
  await people.post(`${approval}/decision`, stand.tokens.dba, decision);
}

const textOf = ({ body }: Answer) => JSON.stringify(body);

const hidesAll = (answer: Answer) => Object.values(planted).every((value) => !textOf(answer).includes(value));

function resultOf({ body }: Answer): Record<string, unknown> {
  const { result } = body;
  return typeof result === 'object' ? { ...result } : {};
}
