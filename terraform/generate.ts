import { readFile, writeFile } from 'node:fs/promises';
import { auditDefinitions } from '../src/audit/audit.ts';
import { evidenceDefinitions } from '../src/evidence/evidence.ts';

const file = new URL('./audit.json', import.meta.url);

/**
 * What Terraform makes of the trail, from the product's own definitions: tables, views and table functions, with `%project%`,
 * `%audit%` and `%evidence%` where their names come in.
 */
export function render(): string {
  const { views, functions } = evidenceDefinitions('%project%', { audit: '%audit%', evidence: '%evidence%' });
  return `${JSON.stringify({ tables: auditDefinitions(), views, functions }, undefined, 2)}\n`;
}

/** Whether the file is what would be written now. */
export const isCurrent = async () => (await readFile(file, 'utf8')) === render();

if (import.meta.main) await writeFile(file, render());
