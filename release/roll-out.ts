import { createCloudRun } from './cloud-run.ts';
import { rollOut } from './flow.ts';
import { createGcloud } from './gcloud.ts';
import { accessToken } from './metadata.ts';
import { createMonitoring } from './monitoring.ts';
import { refuseSecond } from './only.ts';
import { readSettings } from './settings.ts';
import { createSmoke } from './smoke-job.ts';
import { createWatch } from './watch.ts';

// The last step of a release: node release/roll-out.ts IMAGE@sha256:…

const [image = ''] = process.argv.slice(2);
const { project, region, name, build, audience, steps, limits, monitoring: endpoint } = readSettings(process.env);
const gcloud = createGcloud(project);
const now = () => new Date();
const say = (line: string) => process.stdout.write(`${line}\n`);

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stop.abort(new Error(`${signal} came.`)));

const monitoring = createMonitoring({ project, name, token: accessToken, now, endpoint });
try {
  await refuseSecond(gcloud, { region, name, build });
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
