import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const DATASET = 'sales';
/** The column `ssn` carries it; what it means is for the connection's settings to say. */
export const SSN_POLICY_TAG = 'projects/sallyport-demo/locations/us/taxonomies/1/policyTags/1';

const failureSchema = z.looseObject({ error: z.looseObject({ message: z.string() }).optional() });

/** Makes the demo's warehouse, the dataset `sales`, in the BigQuery emulator at `url`: the same rows each time. */
export async function fillWarehouse(url: string, projectId: string): Promise<void> {
  const call = async (path: string, body: object) => {
    const response = await fetch(`${url}/bigquery/v2/projects/${projectId}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { error } = failureSchema.parse(await response.json());
    if (error !== undefined) throw new Error(`The demo's warehouse could not be made: ${error.message}`);
  };

  await call('/datasets', { datasetReference: { projectId, datasetId: DATASET }, location: 'US' });
  await call(`/datasets/${DATASET}/tables`, {
    tableReference: { projectId, datasetId: DATASET, tableId: 'customers' },
    ...customers,
  });
  const script = await readFile(new URL('./sales.sql', import.meta.url), 'utf8');
  // The emulator runs one statement a job.
  for (const query of script.split(/;\n/).filter((statement) => /\w/.test(statement))) {
    await call('/queries', { query, useLegacySql: false, defaultDataset: { projectId, datasetId: DATASET } });
  }
}

const text = (name: string, more: object = {}) => ({ name, type: 'STRING', ...more });

/** By schema and not by SQL: policy tags can be given in no other way. */
const customers = {
  description: 'Customers',
  schema: {
    fields: [
      { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
      text('name'),
      text('email'),
      text('ssn', { policyTags: { names: [SSN_POLICY_TAG] } }),
      { name: 'birth_date', type: 'DATE' },
      { name: 'address', type: 'RECORD', fields: [text('street'), text('city'), text('zip')] },
      { name: 'phones', type: 'RECORD', mode: 'REPEATED', fields: [text('kind'), text('number')] },
      { name: 'notes', type: 'JSON' },
      { name: 'created', type: 'TIMESTAMP' },
    ],
  },
};
