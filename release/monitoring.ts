import { z } from 'zod';

/** Numbers of Cloud Monitoring since a moment. Throws when they cannot be had: a release does not go on blindly. */
export type Monitoring = {
  /** Requests that a service answered, by revision and class of status (`2xx`). */
  requests(service: string, since: Date): Promise<Requests>;
  /** How often each of these stood in the logs. */
  counts(names: readonly string[], since: Date): Promise<Record<string, number>>;
  /** The longest that events waited to be in BigQuery, in seconds, as this revision told it; undefined where it told nothing. */
  lag(revision: string, since: Date): Promise<number | undefined>;
};

export type Requests = Readonly<Record<string, Readonly<Record<string, number>>>>;

const pageSchema = z.object({
  timeSeries: z
    .array(
      z.object({
        resource: z.object({ labels: z.record(z.string(), z.string()).default({}) }).optional(),
        metric: z.object({ labels: z.record(z.string(), z.string()).default({}) }).optional(),
        points: z.array(
          z.object({
            value: z.object({ int64Value: z.coerce.number().optional(), doubleValue: z.number().optional() }),
          }),
        ),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
});
type Series = z.output<typeof pageSchema>['timeSeries'][number];

type Query = { filter: string; aligner: string; reducer: string; by: readonly string[] };

/** `name`: what the names of log metrics begin with, as Terraform made them. `token`: an access token, asked for each time. */
export function createMonitoring(options: {
  project: string;
  name: string;
  token: () => Promise<string>;
  now: () => Date;
  endpoint: string;
}): Monitoring {
  const { project, name, token, now, endpoint } = options;
  const logged = (metric: string) =>
    `resource.type="cloud_run_revision" AND metric.type="logging.googleapis.com/user/${name}/${metric}"`;

  async function list(query: Query, since: Date): Promise<Series[]> {
    const url = new URL(`/v3/projects/${project}/timeSeries`, endpoint);
    const parameters: [string, string][] = [
      ['filter', query.filter],
      ['interval.startTime', since.toISOString()],
      ['interval.endTime', now().toISOString()],
      ['aggregation.alignmentPeriod', '60s'],
      ['aggregation.perSeriesAligner', query.aligner],
      ['aggregation.crossSeriesReducer', query.reducer],
      ...query.by.map((field): [string, string] => ['aggregation.groupByFields', field]),
    ];
    url.search = new URLSearchParams(parameters).toString();
    const response = await fetch(url, {
      headers: { Authorization: `Bearer ${await token()}` },
      signal: AbortSignal.timeout(30_000),
    });
    if (!response.ok) throw new Error(`Cloud Monitoring answers ${response.status}.`);
    const { timeSeries, nextPageToken } = pageSchema.parse(await response.json());
    if (nextPageToken) throw new Error('Cloud Monitoring has more to say than fits on a page.');
    return timeSeries;
  }

  return {
    async requests(service, since) {
      const filter = `resource.type="cloud_run_revision" AND resource.labels.service_name="${service}" AND metric.type="run.googleapis.com/request_count"`;
      const by = ['resource.labels.revision_name', 'metric.labels.response_code_class'];
      const found: Record<string, Record<string, number>> = {};
      for (const series of await list({ filter, aligner: 'ALIGN_SUM', reducer: 'REDUCE_SUM', by }, since)) {
        const revision = series.resource?.labels['revision_name'] ?? '';
        const code = series.metric?.labels['response_code_class'] ?? '';
        found[revision] = { ...found[revision], [code]: (found[revision]?.[code] ?? 0) + sum(series) };
      }
      return found;
    },
    async counts(names, since) {
      const query = { aligner: 'ALIGN_SUM', reducer: 'REDUCE_SUM', by: [] };
      const found = names.map(async (metric): Promise<[string, number]> => {
        const all = await list({ ...query, filter: logged(metric) }, since);
        return [metric, all.reduce((total, series) => total + sum(series), 0)];
      });
      return Object.fromEntries(await Promise.all(found));
    },
    async lag(revision, since) {
      const filter = `${logged('audit-lag')} AND resource.labels.revision_name="${revision}"`;
      const all = await list({ filter, aligner: 'ALIGN_PERCENTILE_99', reducer: 'REDUCE_MAX', by: [] }, since);
      const values = all.flatMap(({ points }) => points.map(({ value }) => value.doubleValue ?? 0));
      return values.length === 0 ? undefined : Math.max(...values);
    },
  };
}

function sum({ points }: Series) {
  return points.reduce((total, { value }) => total + (value.int64Value ?? value.doubleValue ?? 0), 0);
}
