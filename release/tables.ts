import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const field = z.object({
  name: z.string(),
  get fields() {
    return z.array(field).optional();
  },
});
const schema = z.object({ fields: z.array(field) });
type Field = z.output<typeof field>;

const wantedSchema = z.object({ tables: z.array(z.object({ name: z.string(), schema })) });
const answerSchema = z.object({ schema });

/**
 * Refuses a release whose tables are not there yet: BigQuery would refuse rows with a column that it does not know. Asks for the tables of
 * this very source, which `terraform apply` makes.
 */
export async function refuseWithoutTables(options: {
  project: string;
  dataset: string;
  token: () => Promise<string>;
  endpoint: string;
}): Promise<void> {
  const { project, dataset, token, endpoint } = options;
  const source = await readFile(new URL('../terraform/audit.json', import.meta.url), 'utf8');
  const { tables } = wantedSchema.parse(JSON.parse(source));
  const missing: string[] = [];
  for (const { name, schema: wanted } of tables) {
    const url = new URL(`/bigquery/v2/projects/${project}/datasets/${dataset}/tables/${name}`, endpoint);
    const response = await fetch(url, {
      headers: { Authorization: `Bearer ${await token()}` },
      signal: AbortSignal.timeout(30_000),
    });
    if (response.status === 404) missing.push(name);
    else if (!response.ok) throw new Error(`BigQuery answers ${response.status} when asked for the table ${name}.`);
    else missing.push(...lacking(wanted.fields, answerSchema.parse(await response.json()).schema.fields, name));
  }
  if (missing.length > 0)
    throw new Error(`The trail lacks ${missing.join(', ')}: terraform apply of this version comes first.`);
}

function lacking(wanted: readonly Field[], there: readonly Field[], at: string): string[] {
  return wanted.flatMap(({ name, fields = [] }) => {
    const found = there.find((other) => other.name === name);
    return found === undefined ? [`${at}.${name}`] : lacking(fields, found.fields ?? [], `${at}.${name}`);
  });
}
