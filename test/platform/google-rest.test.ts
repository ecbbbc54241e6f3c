import { expect, test } from 'vitest';
import { z } from 'zod';
import { type Ask, createGoogleRest, Unread } from '../../src/platform/google-rest.ts';

const ask = (path: string, more: Partial<Ask<unknown>> = {}): Ask<unknown> => ({
  ...{ api: 'run', path, answer: z.unknown(), permission: 'run.services.get', of: 'The service' },
  ...more,
});

/** What was asked, with what headers; each answer comes once it is let. */
function fakeFetch(answer: (url: string) => Response | Promise<Response>) {
  const asked: { url: string; authorization: string | null; method: string | undefined }[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { method, headers } = init ?? {};
    asked.push({ url: String(input), authorization: new Headers(headers).get('authorization'), method });
    return answer(String(input));
  };
  return { asked, fetch };
}

const authorize = async () => new Headers({ authorization: 'Bearer of-the-operator' });

test('each thing is read once, however many ask', async () => {
  const { asked, fetch } = fakeFetch(() => Response.json({}));
  const google = createGoogleRest({ authorize, fetch });

  await Promise.all([google.read(ask('/v2/a')), google.read(ask('/v2/a')), google.find(ask('/v2/a'))]);

  expect(asked).toEqual([
    { url: 'https://run.googleapis.com/v2/a', authorization: 'Bearer of-the-operator', method: 'GET' },
  ]);
});

test('no more are asked at once than is allowed', async () => {
  let [running, most] = [0, 0];
  const { fetch } = fakeFetch(async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return Response.json({});
  });
  const google = createGoogleRest({ authorize, fetch, atOnce: 3 });

  await Promise.all(Array.from({ length: 20 }, (_, index) => google.read(ask(`/v2/${index}`))));

  expect(most).toBe(3);
});

test('an emulator on this machine is asked without credentials', async () => {
  const { asked, fetch } = fakeFetch(() => Response.json({}));
  const google = createGoogleRest({ authorize, fetch, places: { run: 'http://127.0.0.1:8086' } });

  await google.read(ask('/v2/a'));

  expect(asked).toEqual([{ url: 'http://127.0.0.1:8086/v2/a', authorization: null, method: 'GET' }]);
});

test.each(['https://evil.example', 'http://169.254.169.254:80', 'http://127.0.0.1.evil.example:80'])(
  'nothing is served from %s instead',
  async (place) => {
    const { asked, fetch } = fakeFetch(() => Response.json({}));
    const google = createGoogleRest({ authorize, fetch, places: { run: place } });

    await expect(google.read(ask('/v2/a'))).rejects.toThrow('only on this machine');

    expect(asked).toEqual([]);
  },
);

test('all pages are read, and no more than can be meant', async () => {
  const pageSchema = z.object({ items: z.array(z.number()), nextPageToken: z.string().optional() });
  const { fetch } = fakeFetch((url) => {
    const page = Number(new URL(url).searchParams.get('pageToken') ?? 0);
    const isEndless = url.includes('endless');
    return Response.json({ items: [page], ...((isEndless || page < 2) && { nextPageToken: String(page + 1) }) });
  });
  const google = createGoogleRest({ authorize, fetch });

  const pages = await google.list({ ...ask('/v2/three'), answer: pageSchema });
  const endless = google.list({ ...ask('/v2/endless'), answer: pageSchema });

  expect(pages.flatMap(({ items }) => items)).toEqual([0, 1, 2]);
  await expect(endless).rejects.toMatchObject({ why: 'garbled' });
});

test('where there are no credentials it says so, and asks nothing', async () => {
  const { asked, fetch } = fakeFetch(() => Response.json({}));
  const google = createGoogleRest({ authorize: () => Promise.reject(new Error('none')), fetch });

  await expect(google.read(ask('/v2/a'))).rejects.toMatchObject({ why: 'unknown caller' });

  expect(asked).toEqual([]);
});

test.each([
  [401, {}, 'unknown caller'],
  [403, {}, 'forbidden'],
  [403, { error: { errors: [{ reason: 'accessNotConfigured' }] } }, 'off'],
  [404, {}, 'absent'],
  [307, {}, 'refused'],
  [503, {}, 'refused'],
])('status %i with %j means: %s', async (status, body, why) => {
  const { fetch } = fakeFetch(() => Response.json(body, { status }));
  const google = createGoogleRest({ authorize, fetch });

  const failure = await google.read(ask('/v2/a')).catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(Unread);
  expect(failure).toMatchObject({ why });
});
