import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createCredentials } from '../../src/credentials/credentials.ts';
import type { Connection } from '../../src/model/connection.ts';
import { connectionSchema } from '../../src/model/documents.ts';
import { asProblem, Problem } from '../../src/model/problem.ts';
import { CredentialRejected, type Secret } from '../../src/model/secret.ts';

const secretName = 'projects/p/secrets/crm';

function aConnection(credential: object = { secret: secretName }, name = 'crm'): Connection {
  const document = connectionSchema.parse({ kind: 'postgres', settings: {}, credential });
  return { name, version: 'v', document, classification: new Map(), transforms: new Map() };
}

/** Secret Manager with one secret, and a target that accepts one password. */
function aStand({ accepted = 'one' } = {}) {
  const state = {
    value: 'one',
    version: 1,
    accepted,
    isDown: false,
    reads: [] as string[],
    logins: 0,
    time: 0,
    minted: [] as string[],
  };
  const credentials = createCredentials({
    clock: { now: () => new Date(state.time) },
    async readSecret(name) {
      state.reads.push(name);
      if (state.isDown) throw new Error('14 UNAVAILABLE');
      return { value: state.value, version: `${secretName}/versions/${state.version}` };
    },
    async mintToken(account, wanted) {
      const what = 'audience' in wanted ? [`for ${wanted.audience}`] : wanted.map((scope) => scope.split('/').at(-1));
      state.minted.push(`${account} ${what.join(' ')}`);
      if (state.isDown) throw new Error('403 Permission iam.serviceAccounts.getAccessToken denied');
      return { token: state.value, expiresAt: new Date(3_600_000) };
    },
  });
  async function login(secret: Secret) {
    state.logins++;
    if (secret.use((value) => value) !== state.accepted) throw new CredentialRejected();
    return secret.version;
  }
  return {
    state,
    use: (connection = aConnection(), work: (secret: Secret) => Promise<string> = login) =>
      credentials.use(connection, work),
    rotate(value: string) {
      state.value = value;
      state.accepted = value;
      state.version++;
    },
  };
}

describe('a secret', () => {
  test('is handed to the work with the version it is of', async () => {
    const { use } = aStand();

    expect(await use()).toBe(`${secretName}/versions/1`);
  });

  test('is read once for a minute', async () => {
    const { use, state } = aStand();
    await use();
    state.time = 59_999;
    await use();

    state.time = 60_000;
    await use();

    expect(state.reads).toEqual([secretName, secretName]);
  });

  test('is read anew once a clock that was fast is right again', async () => {
    const { use, state } = aStand();
    state.time = 3_600_000;
    await use();

    state.time = 10_000;
    await use();

    expect(state.reads).toEqual([secretName, secretName]);
  });

  test('is read once however many calls need it at once', async () => {
    const { use, state } = aStand();

    await Promise.all(Array.from({ length: 50 }, () => use()));

    expect(state.reads).toHaveLength(1);
  });

  test('cannot be printed', async () => {
    const { use } = aStand();
    let printed = '';

    await use(aConnection(), async (secret) => {
      printed = `${secret} ${JSON.stringify(secret)} ${inspect(secret, { depth: 9, showHidden: true })}`;
      return '';
    });

    expect(printed).toBe('[secret] "[secret]" [secret]');
  });

  test('that cannot be read refuses the call, and nothing of it is in the answer', async () => {
    const { use, state } = aStand();
    state.isDown = true;

    const problem = asProblem(await use().catch((error: unknown) => error));

    expect(problem).toMatchObject({ code: 'credential-unavailable', status: 503, detail: undefined });
    expect(state.logins).toBe(0);
  });

  test('is not used past its minute when it cannot be read again', async () => {
    const { use, state } = aStand();
    await use();
    state.isDown = true;

    state.time = 60_000;

    await expect(use()).rejects.toMatchObject({ code: 'credential-unavailable' });
    expect(state.logins).toBe(1);
  });

  test('is read again as soon as that is possible', async () => {
    const { use, state } = aStand();
    state.isDown = true;
    await use().catch(() => {});

    state.isDown = false;

    expect(await use()).toBe(`${secretName}/versions/1`);
  });
});

describe('rotation', () => {
  test('is picked up by the call that meets it', async () => {
    const { use, state, rotate } = aStand();
    await use();

    rotate('two');

    expect(await use()).toBe(`${secretName}/versions/2`);
    expect(state.reads).toHaveLength(2);
  });

  test('is read once though many calls meet it at once', async () => {
    const { use, state, rotate } = aStand();
    await use();
    rotate('two');

    const versions = await Promise.all(Array.from({ length: 50 }, () => use()));

    expect(new Set(versions)).toEqual(new Set([`${secretName}/versions/2`]));
    expect(state.reads).toHaveLength(2);
  });

  test('costs the calls after it nothing', async () => {
    const { use, state, rotate } = aStand();
    await use();
    rotate('two');
    await use();
    const { logins } = state;

    await use();

    expect(state.logins).toBe(logins + 1);
    expect(state.reads).toHaveLength(2);
  });
});

describe('a credential that the target rejects', () => {
  const rejected = { code: 'credential-unavailable', reason: 'credential-rejected' };

  test('refuses the call once it turned out that there is no newer one', async () => {
    const { use, state } = aStand({ accepted: 'other' });

    await expect(use()).rejects.toMatchObject(rejected);

    expect(state).toMatchObject({ logins: 1, reads: [secretName, secretName] });
  });

  test('is offered to the target once in five seconds, however many call', async () => {
    const { use, state } = aStand({ accepted: 'other' });
    await use().catch(() => {});

    for (let call = 0; call < 20; call++) await expect(use()).rejects.toMatchObject(rejected);

    expect(state).toMatchObject({ logins: 1, reads: [secretName, secretName] });
  });

  test('is tried again after five seconds, with what Secret Manager then holds', async () => {
    const { use, state } = aStand({ accepted: 'two' });
    await use().catch(() => {});
    state.value = 'two';
    state.version = 2;

    state.time = 5000;

    expect(await use()).toBe(`${secretName}/versions/2`);
    expect(state.logins).toBe(2);
  });

  test('is still good for another connection', async () => {
    const { use } = aStand();
    const elsewhere = aConnection({ secret: secretName }, 'elsewhere');
    await use(elsewhere, () => Promise.reject(new CredentialRejected())).catch(() => {});

    expect(await use()).toBe(`${secretName}/versions/1`);
    await expect(use(elsewhere)).rejects.toMatchObject(rejected);
  });

  test('refuses the call too when the newer one is rejected as well', async () => {
    const { use, state, rotate } = aStand();
    await use();
    rotate('two');
    state.accepted = 'three';

    await expect(use()).rejects.toMatchObject(rejected);

    expect(state.logins).toBe(3);
  });
});

test('what else goes wrong in the work is passed on, and the work is not done twice', async () => {
  const { use } = aStand();
  let done = 0;
  const work = async () => {
    done++;
    throw new Problem('target-timeout');
  };

  await expect(use(aConnection(), work)).rejects.toMatchObject({ code: 'target-timeout' });

  expect(done).toBe(1);
});

describe('a service account', () => {
  const connection = aConnection({ service_account: 'reader@p.iam.gserviceaccount.com' });

  test('is impersonated for what its kind of target needs, and the trail hears whose token it is and until when', async () => {
    const { use, state } = aStand();
    const told = async (secret: Secret) => secret.use((value) => `${value} ${secret.version}`);

    const seen = await use(connection, told);

    expect(state.minted).toEqual(['reader@p.iam.gserviceaccount.com sqlservice.admin sqlservice.login']);
    expect(state.reads).toEqual([]);
    expect(seen).toBe(
      '{"service_account":"reader@p.iam.gserviceaccount.com","token":"one","expires_at":"1970-01-01T01:00:00.000Z"} ' +
        'serviceAccounts/reader@p.iam.gserviceaccount.com/tokens/until-1970-01-01T01:00:00.000Z',
    );
  });

  test('that may not be impersonated is told without the reason that Google gives', async () => {
    const { use, state } = aStand();
    state.isDown = true;

    const failed = use(connection);

    await expect(failed).rejects.toMatchObject({ code: 'credential-unavailable' });
    await expect(failed.catch((error) => asProblem(error).detail ?? '')).resolves.not.toContain('403');
  });

  test('may do at a cluster what IAM lets the account do, as the API server asks for that scope', async () => {
    const { use, state } = aStand();

    await use({ ...connection, document: { ...connection.document, kind: 'kubernetes' } }, async () => 'done');

    expect(state.minted).toEqual(['reader@p.iam.gserviceaccount.com cloud-platform']);
  });

  test('gives an HTTP service an ID token for the audience that the connection names, and each audience its own', async () => {
    const { use, state } = aStand();
    const { document } = connection;
    const to = (inject: unknown) => ({
      ...connection,
      document: { ...document, kind: 'http' as const, settings: { inject } },
    });

    for (const inject of [
      { google_id_token: { audience: 'https://one' } },
      { google_id_token: { audience: 'https://two' } },
      'google_access_token',
    ]) {
      await use(to(inject), async () => 'done');
    }

    const account = 'reader@p.iam.gserviceaccount.com';
    expect(state.minted).toEqual([
      `${account} for https://one`,
      `${account} for https://two`,
      `${account} cloud-platform`,
    ]);
  });

  test('is refused for a kind of target that takes no tokens', async () => {
    const { use, state } = aStand();
    const { document } = connection;

    const failed = use({ ...connection, document: { ...document, kind: 'ssh' } });

    await expect(failed).rejects.toMatchObject({ detail: expect.stringContaining('give it a secret') });
    expect(state.minted).toEqual([]);
  });
});
