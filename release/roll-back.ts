import { createCloudRun } from './cloud-run.ts';
import { recover } from './flow.ts';
import { createGcloud } from './gcloud.ts';

// By hand, after a release that was killed: node release/roll-back.ts PROJECT REGION [NAME]

const [project, region, name = 'sallyport'] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);
if (project === undefined || region === undefined) {
  process.stderr.write('Say the project and the region: node release/roll-back.ts PROJECT REGION [NAME]\n');
  process.exit(2);
}
try {
  const found = await recover({ cloudRun: createCloudRun(createGcloud(project), region), name, say });
  if (!found) say('No release was left half way.');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
