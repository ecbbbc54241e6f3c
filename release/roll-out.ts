import { createCloudRun } from './cloud-run.ts';
import { rollOut } from './flow.ts';
import { createGcloud } from './gcloud.ts';
import { accessToken } from './metadata.ts';
import { createMonitoring } from './monitoring.ts';
import { refuseSecond } from './only.ts';
import { readSettings } from './settings.ts';
import { createSmoke } from './smoke-job.ts';
import { refuseWithoutTables } from './tables.ts';
import { createWatch } from './watch.ts';

// The last step of a release: node release/roll-out.ts IMAGE@sha256:…

const [image = ''] = process.argv.slice(2);
const { project, region, name, build, audience, dataset, steps, limits, endpoints } = readSettings(process.env);
const gcloud = createGcloud(project);
const now = () => new Date();
const say = (line: string) => process.stdout.write(`${line}\n`);

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stop.abort(new Error(`${signal} came.`)));

const token = accessToken;
const monitoring = createMonitoring({ project, name, token, now, endpoint: endpoints.monitoring });
try {
  await refuseSecond(gcloud, { region, name, build });
  await refuseWithoutTables({ project, dataset, token, endpoint: endpoints.bigquery });
  await rollOut(
    {
      cloudRun: createCloudRun(gcloud, region),
      name,
      smoke: createSmoke({ gcloud, region, job: `${name}-smoke`, audience }),
      watch: createWatch({ monitoring, limits, signal: stop.signal, now, say }),
      steps,
      signal: stop.signal,
      say,
    },
    image,
  );
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
