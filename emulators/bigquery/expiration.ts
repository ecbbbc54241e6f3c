import { z } from 'zod';
import { type CatalogTable, storedName } from './catalog.ts';
import type { Database } from './engine.ts';
import { quoted } from './schema.ts';
import type { Handler } from './service.ts';

const partitioningSchema = z.looseObject({
  type: z.enum(['HOUR', 'DAY', 'MONTH', 'YEAR']),
  field: z.string(),
  expirationMs: z.coerce.number().int().positive(),
});

/**
 * The handler, after which no row of an expired partition is left: a partition is deleted as soon as its beginning (UTC) and
 * `timePartitioning.expirationMs` are past. The service takes its time. Rows without a partition stay.
 */
export const withoutExpired =
  (handler: Handler): Handler =>
  async (service, request) => {
    const { catalog, engine, clock } = service;
    const expiring = catalog
      .projects()
      .flatMap((projectId) =>
        catalog.datasets(projectId).flatMap(({ reference }) => catalog.tables(reference).flatMap(expiringIn)),
      );
    if (expiring.length > 0)
      await engine.exclusive(async (db) => {
        for (const one of expiring) await deleteExpired(db, one, clock());
      });
    return handler(service, request);
  };

type Expiring = { table: CatalogTable; partitioning: z.output<typeof partitioningSchema> };

function expiringIn(table: CatalogTable): Expiring[] {
  const { success, data } = partitioningSchema.safeParse(table.resource['timePartitioning']);
  return success && table.type === 'TABLE' ? [{ table, partitioning: data }] : [];
}

async function deleteExpired(db: Database, { table, partitioning }: Expiring, now: number): Promise<void> {
  const { type, field, expirationMs } = partitioning;
  const begin = `date_trunc('${type}', CAST(${quoted(field)} AS TIMESTAMP))`;
  await db.run(`DELETE FROM ${storedName(table.reference)} WHERE epoch_ms(${begin}) <= ${now - expirationMs}`);
}
