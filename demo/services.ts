import type { Answer, People } from './people.ts';
import type { Stand } from './stand.ts';

type Scene = { stand: Stand; people: People; holds(claim: string, held: boolean): void };

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
