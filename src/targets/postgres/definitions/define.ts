import type pg from 'pg';
import type { Limits } from '../../../model/connection.ts';
import { Problem } from '../../../model/problem.ts';
import type { Rows } from '../../../model/result.ts';
import type { Access } from '../../target.ts';
import type { Relation } from '../catalog/catalog.ts';
import { writeDriftSql } from '../catalog/catalog-sql.ts';
import { runProblem } from '../errors.ts';
import type { ExecuteDeps } from '../execute.ts';
import { quoted } from '../language/syntax.ts';
import type { Plan } from '../plan.ts';
import { defaultSeconds } from '../session/run.ts';
import { inSession } from '../session/session.ts';
import { tagComment, tagSql } from '../session/tag.ts';
import type { Settings } from '../settings.ts';

type Definition = Extract<Plan, { access: 'define' }>;

/**
 * Runs DDL: what it names is locked and compared with what was understood, and the catalog is read before it and again before it is
 * committed. Where something that was hidden would no longer be, it is rolled back (`masking-unprovable`). Answers with warnings of what
 * the classification should now say.
 */
export async function define(
  plan: Definition,
  access: Access<Settings> & { limits: Limits },
  { pools, readCatalog, onDrift }: ExecuteDeps,
): Promise<Rows> {
  const { seconds = defaultSeconds } = access.limits;
  try {
    const warnings = await inSession(access, pools, async (client) => {
      try {
        await client.query(
          `BEGIN READ WRITE; ${tagSql(access)}; SET LOCAL statement_timeout = ${Math.ceil(seconds * 1000)}`,
        );
        await compare(client, plan);
        const before = await readCatalog(client, access);
        await prepare(client, plan);
        await extended(client, `${tagComment(access)}${plan.text}`);
        await client.query(
          'SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL enable_indexscan = on; SET LOCAL enable_indexonlyscan = on',
        );
        const found = plan.recheck(before, await readCatalog(client, access));
        await client.query('COMMIT');
        return found;
      } catch (error) {
        throw runProblem(error);
      }
    });
    return { form: 'rows', columns: [], batches: none(), summary: () => ({ truncated: false, warnings }) };
  } finally {
    // Even where nothing was committed, the catalog may have changed meanwhile.
    onDrift(access, plan);
  }
}

/** What it names stays what it was understood to be until the end. */
async function compare(client: pg.PoolClient, { locks, watch }: Definition): Promise<void> {
  if (locks.length > 0) await client.query(`LOCK TABLE ${locks.map(pathOf).join(', ')} IN ACCESS SHARE MODE`);
  const drift: pg.QueryArrayConfig = { text: writeDriftSql, values: [`{${watch.oids.join(',')}}`], rowMode: 'array' };
  const { rows } = await client.query<unknown[]>(drift);
  if (rows[0]?.[0] !== watch.fingerprint)
    throw new Problem('target-rejected', {
      detail: 'The catalog changed; send the same request again.',
      reason: 'catalog-changed',
    });
}

/**
 * Names are found where they were found when it was understood. Rows that are kept are not taken in the order of an index, which
 * could be that of classified values.
 */
async function prepare(client: pg.PoolClient, { searchPath }: Definition): Promise<void> {
  await client.query('SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off');
  await client.query(`SET LOCAL search_path = ${searchPath.map(quoted).join(', ')}`);
}

const pathOf = (relation: Relation) => `${quoted(relation.schema)}.${quoted(relation.name)}`;

/** Never the simple protocol, which would take several statements. */
async function extended(client: pg.PoolClient, text: string): Promise<void> {
  const config: pg.QueryConfig & { queryMode: 'extended' } = { text, queryMode: 'extended' };
  await client.query(config);
}

async function* none(): AsyncGenerator<never, void> {}
