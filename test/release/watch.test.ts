import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Move } from '../../release/flow.ts';
import { createMonitoring, type Monitoring } from '../../release/monitoring.ts';
import { complaintOf, createWatch } from '../../release/watch.ts';

const gateway: Move = { role: 'gateway', service: 's-gateway', before: 's-gateway-1', candidate: 's-gateway-2' };
const keeper: Move = { role: 'keeper', service: 's-keeper', before: 's-keeper-1', candidate: 's-keeper-2' };

/** What Cloud Monitoring would answer: by what stands in the filter. */
const series: { within: string[]; answer: object[] }[] = [];
const asked: URL[] = [];
let status = 200;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '', 'http://monitoring');
  asked.push(url);
  const filter = url.searchParams.get('filter') ?? '';
  const found = series.find(({ within }) => within.every((part) => filter.includes(part)));
  response.writeHead(request.headers.authorization === 'Bearer ya29' ? status : 401, {
    'Content-Type': 'application/json',
  });
  response.end(JSON.stringify(found === undefined ? {} : { timeSeries: found.answer }));
});
let endpoint = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const lag = (seconds: number) => ({
  within: ['user/sallyport/audit-lag"', 's-keeper-2'],
  answer: [{ points: [{ value: { doubleValue: seconds } }] }],
});
const answered = (revision: string, code: string, count: number) => ({
  resource: { labels: { revision_name: revision } },
  metric: { labels: { response_code_class: code } },
  points: [{ value: { int64Value: String(count) } }],
});
const requests = (...answer: object[]) => ({ within: ['run.googleapis.com/request_count', '"s-gateway"'], answer });

beforeEach(() => {
  series.splice(0, series.length, lag(1));
  asked.length = 0;
  status = 200;
});

function watch(moves: Move[] = [keeper, gateway], signal = new AbortController().signal) {
  const now = () => new Date();
  const monitoring = createMonitoring({ project: 'acme', name: 'sallyport', token: async () => 'ya29', now, endpoint });
  const limits = { seconds: 0.05, errors: 0.02, lag: 300 };
  return createWatch({ monitoring, limits, signal, now, say: () => {} })(moves);
}

describe('watching a release', () => {
  test('goes on where nothing is wrong', async () => {
    series.push(requests(answered('s-gateway-2', '2xx', 990), answered('s-gateway-2', '5xx', 10)));

    await expect(watch()).resolves.toBeUndefined();
  });

  test('stops at errors of the new revision that the old one does not have', async () => {
    series.push(
      requests(
        answered('s-gateway-2', '2xx', 90),
        answered('s-gateway-2', '5xx', 10),
        answered('s-gateway-1', '2xx', 900),
      ),
    );

    await expect(watch()).rejects.toThrow('s-gateway-2 failed 10 of 100 requests, s-gateway-1 0 of 900 in an hour.');
  });

  test.each(['unknown-outcome', 'checkpoint-late', 'row-refused', 'approval-forged'])(
    'stops at a single %s',
    async (name) => {
      series.push({ within: [`user/sallyport/${name}"`], answer: [{ points: [{ value: { int64Value: '1' } }] }] });

      await expect(watch()).rejects.toThrow(`${name} stands in the logs`);
    },
  );

  test('stops where events wait too long to be in BigQuery', async () => {
    series.splice(0, 1, lag(301));

    await expect(watch()).rejects.toThrow('Events wait 301 s');
  });

  test('stops where the new keeper gives no sign of life', async () => {
    series.length = 0;

    await expect(watch()).rejects.toThrow('is it running?');
  });

  test('waits for a keeper that is heard late, but not for ever', async () => {
    const heardAt = async (look: number) => {
      let looks = 0;
      const monitoring: Monitoring = {
        counts: async () => ({}),
        requests: async () => ({}),
        async lag() {
          looks += 1;
          return looks < look ? undefined : 1;
        },
      };
      // Each look takes a third of the time that a step is watched.
      const now = () => new Date(looks * 20);
      const limits = { seconds: 0.06, errors: 0.02, lag: 300 };
      const { signal } = new AbortController();
      await createWatch({ monitoring, limits, signal, now, say: () => {} })([keeper]);
    };

    await expect(heardAt(5)).resolves.toBeUndefined();
    await expect(heardAt(8)).rejects.toThrow('is it running?');
  });

  test('stops where Cloud Monitoring does not answer: it does not go on blindly', async () => {
    status = 503;

    await expect(watch()).rejects.toThrow('Cloud Monitoring answers 503');
  });

  test('stops at once when it is told to', async () => {
    const stop = new AbortController();
    stop.abort(new Error('SIGTERM came.'));

    await expect(watch([keeper], stop.signal)).rejects.toThrow('SIGTERM came.');
    expect(asked).toEqual([]);
  });

  test('asks for what happened since the step began, for the hour before as well, and for each revision apart', async () => {
    const since = Date.now();

    await watch();

    const [one, hour] = asked.filter((url) => (url.searchParams.get('filter') ?? '').includes('request_count'));
    const begin = (url: URL | undefined) => Date.parse(url?.searchParams.get('interval.startTime') ?? '');
    expect(one?.pathname).toBe('/v3/projects/acme/timeSeries');
    expect(begin(one)).toBeGreaterThanOrEqual(since);
    expect(begin(hour)).toBe(begin(one) - 3_600_000);
    expect(one?.searchParams.getAll('aggregation.groupByFields')).toEqual([
      'resource.labels.revision_name',
      'metric.labels.response_code_class',
    ]);
  });
});

describe('errors of a revision', () => {
  const of = (now: [number, number], then: [number, number]) =>
    complaintOf(
      {
        now: { 's-gateway-2': { '2xx': now[0], '5xx': now[1] } },
        lastHour: { 's-gateway-1': { '2xx': then[0], '5xx': then[1] } },
      },
      gateway,
      0.02,
    );

  test('are too many above the limit, if the revision before has not half of them', () => {
    expect(of([97, 3], [100, 0])).toBeDefined();
    expect(of([97, 3], [99, 1])).toBeDefined();
  });

  test('are no fault of the release where the revision before had them, though it serves no more', () => {
    const lastHour = { 's-gateway-1': { '2xx': 900, '5xx': 100 } };

    expect(complaintOf({ now: { 's-gateway-2': { '2xx': 85, '5xx': 15 } }, lastHour }, gateway, 0.02)).toBeUndefined();
  });

  test('are no fault of the release where both have them', () => {
    expect(of([90, 10], [93, 7])).toBeUndefined();
  });

  test('are not judged by a single one', () => {
    expect(of([3, 1], [100, 0])).toBeUndefined();
    expect(of([3, 2], [100, 0])).toBeDefined();
  });

  test('are none where nobody called', () => {
    expect(complaintOf({ now: {}, lastHour: {} }, gateway, 0.02)).toBeUndefined();
  });
});
