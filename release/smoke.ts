// Tries a gateway from outside, as an agent without any right would: with a real ID token, and touching no target. Runs as a job in the
// deployment, given to Node as text, so that it may import nothing. Exits with 1 and says what is wrong.

const environment = (name: string) => process.env[name] ?? '';
const url = environment('SMOKE_URL');
const audience = environment('SMOKE_AUDIENCE');
/** What Cloud Run's own check of callers wants, where it is on. */
const invoker = environment('SMOKE_INVOKER');

async function idToken(forWhom: string): Promise<string> {
  const host = process.env['GCE_METADATA_HOST'] ?? 'metadata.google.internal';
  const path = '/computeMetadata/v1/instance/service-accounts/default/identity';
  const response = await fetch(`http://${host}${path}?audience=${encodeURIComponent(forWhom)}&format=full`, {
    headers: { 'Metadata-Flavor': 'Google' },
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`No ID token: the metadata server answers ${response.status}.`);
  return response.text();
}

type Answer = { status: number; operation: string | null; body: Record<string, unknown> };

async function ask(path: string, token: string | undefined, body?: object): Promise<Answer> {
  const response = await fetch(new URL(path, url), {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(invoker !== '' && { 'X-Serverless-Authorization': `Bearer ${await idToken(invoker)}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  return { status: response.status, operation: response.headers.get('sallyport-operation'), body: objectOf(text) };
}

function objectOf(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

const wrong: string[] = [];

function expect(what: string, holds: boolean, { status, body }: Answer) {
  process.stdout.write(`${holds ? 'ok' : 'WRONG'}  ${what}\n`);
  if (!holds) wrong.push(`${what}: ${status} ${String(body['code'] ?? '')}`);
}

try {
  const ready = await ask('/ready', undefined);
  expect(
    'It is ready: policies fresh, the trail writable',
    ready.status === 200 && ready.body['status'] === 'ready',
    ready,
  );

  const nobody = await ask('/v1/connections', undefined);
  const unknown = nobody.status === 401 && nobody.body['code'] === 'unauthenticated' && nobody.operation !== null;
  expect('Who shows no token is refused, and recorded', unknown, nobody);

  const forged = await ask('/v1/connections', 'eyJhbGciOiJub25lIn0.e30.');
  expect('A token that nobody signed is refused', forged.status === 401 && forged.operation !== null, forged);

  const elsewhere = await ask('/v1/connections', await idToken('https://elsewhere.invalid'));
  expect('A token for somebody else is refused', elsewhere.status === 401 && elsewhere.operation !== null, elsewhere);

  const token = await idToken(audience);
  const known = await ask('/v1/connections', token);
  expect('A real ID token is accepted', known.status === 200 && Array.isArray(known.body['connections']), known);

  const nowhere = await ask('/v1/connections/release-smoke-test/operations', token, { statement: 'select 1' });
  const refused = nowhere.status === 404 && nowhere.body['code'] === 'not-found' && nowhere.operation !== null;
  expect('A call of no connection is refused, and recorded', refused, nowhere);
} catch (error) {
  wrong.push(error instanceof Error ? `${error.message} ${error.cause ?? ''}` : String(error));
}
for (const line of wrong) process.stderr.write(`${line}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;

export {};
