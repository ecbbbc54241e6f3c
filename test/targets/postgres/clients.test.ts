import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Postgres } from '../../../emulators/postgres/postgres.ts';
import { createPostgres } from '../../../src/targets/postgres/postgres.ts';
import { startTwoDatabases } from '../../attacks/two-databases.ts';
import { type Agent, agentAt } from './agent.ts';
import { crmSql } from './crm.ts';

/** The same structure, with other values, and other sizes and statistics by that. */
const setUp = (seed: 'a' | 'b') => `${crmSql}
  UPDATE users SET email = '${seed}' || repeat('${seed}', ${seed === 'a' ? 1 : 900}) || id, ssn = NULL; ANALYZE;`;

const classification = { 'public.users': { email: 'EMAIL_ADDRESS', ssn: 'US_SOCIAL_SECURITY_NUMBER' } };

/** What clients ask when they connect or show a tree of tables. */
const asked: [string, string][] = [
  [
    'JDBC: tables',
    `SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME, CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema' WHEN true THEN CASE WHEN n.nspname = 'pg_catalog' OR n.nspname = 'information_schema' THEN CASE c.relkind WHEN 'r' THEN 'SYSTEM TABLE' WHEN 'v' THEN 'SYSTEM VIEW' WHEN 'i' THEN 'SYSTEM INDEX' ELSE NULL END ELSE NULL END WHEN false THEN CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW' ELSE NULL END ELSE NULL END AS TABLE_TYPE, d.description AS REMARKS, '' as TYPE_CAT FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 and d.classoid = 'pg_class'::regclass) WHERE c.relnamespace = n.oid AND n.nspname LIKE 'public' ORDER BY TABLE_TYPE,TABLE_SCHEM,TABLE_NAME`,
  ],
  [
    'JDBC: columns',
    `SELECT * FROM (SELECT n.nspname,c.relname,a.attname,a.atttypid,a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull,a.atttypmod,a.attlen,t.typtypmod,row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, nullif(a.attidentity, '') as attidentity,nullif(a.attgenerated, '') as attgenerated,pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc,dsc.description,t.typbasetype,t.typtype FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid) JOIN pg_catalog.pg_attribute a ON (a.attrelid=c.oid) JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid) LEFT JOIN pg_catalog.pg_attrdef def ON (a.attrelid=def.adrelid AND a.attnum = def.adnum) LEFT JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid) LEFT JOIN pg_catalog.pg_class dc ON (dc.oid=dsc.classoid AND dc.relname='pg_class') LEFT JOIN pg_catalog.pg_namespace dn ON (dc.relnamespace=dn.oid AND dn.nspname='pg_catalog') WHERE c.relkind in ('r','p','v','f','m') and a.attnum > 0 AND NOT a.attisdropped AND c.relname LIKE 'users') c WHERE true ORDER BY nspname,c.relname,attnum`,
  ],
  [
    'JDBC: primary keys',
    `SELECT result.TABLE_CAT, result.TABLE_SCHEM, result.TABLE_NAME, result.COLUMN_NAME, result.KEY_SEQ, result.PK_NAME FROM (SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME, (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, ci.relname AS PK_NAME, information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) JOIN pg_catalog.pg_index i ON ( a.attrelid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) WHERE true AND ct.relname = 'users' AND i.indisprimary) result where result.A_ATTNUM = (result.KEYS).x ORDER BY result.table_name, result.pk_name, result.key_seq`,
  ],
  [
    'JDBC: imported keys',
    `SELECT NULL::text AS PKTABLE_CAT, pkn.nspname AS PKTABLE_SCHEM, pkc.relname AS PKTABLE_NAME, pka.attname AS PKCOLUMN_NAME, fkn.nspname AS FKTABLE_SCHEM, fkc.relname AS FKTABLE_NAME, fka.attname AS FKCOLUMN_NAME, pos.n AS KEY_SEQ, con.conname AS FK_NAME, pkic.relname AS PK_NAME FROM pg_catalog.pg_namespace pkn, pg_catalog.pg_class pkc, pg_catalog.pg_attribute pka, pg_catalog.pg_namespace fkn, pg_catalog.pg_class fkc, pg_catalog.pg_attribute fka, pg_catalog.pg_constraint con, pg_catalog.generate_series(1, 32) pos(n), pg_catalog.pg_class pkic WHERE pkn.oid = pkc.relnamespace AND pkc.oid = pka.attrelid AND pka.attnum = con.confkey[pos.n] AND con.confrelid = pkc.oid AND fkn.oid = fkc.relnamespace AND fkc.oid = fka.attrelid AND fka.attnum = con.conkey[pos.n] AND con.conrelid = fkc.oid AND con.contype = 'f' AND (pkic.relkind = 'i' OR pkic.relkind = 'I') AND pkic.oid = con.conindid AND fkc.relname = 'orders' ORDER BY pkn.nspname,pkc.relname, con.conname,pos.n`,
  ],
  [
    'JDBC: indexes',
    `SELECT tmp.TABLE_SCHEM, tmp.TABLE_NAME, tmp.NON_UNIQUE, tmp.INDEX_NAME, trim(both '"' from pg_catalog.pg_get_indexdef(tmp.CI_OID, tmp.ORDINAL_POSITION, false)) AS COLUMN_NAME, tmp.FILTER_CONDITION FROM (SELECT n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, NOT i.indisunique AS NON_UNIQUE, ci.relname AS INDEX_NAME, (information_schema._pg_expandarray(i.indkey)).n AS ORDINAL_POSITION, ci.reltuples AS CARDINALITY, ci.relpages AS PAGES, pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS FILTER_CONDITION, ci.oid AS CI_OID FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) JOIN pg_catalog.pg_index i ON (ct.oid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) JOIN pg_catalog.pg_am am ON (ci.relam = am.oid) WHERE ct.relname = 'users') AS tmp ORDER BY NON_UNIQUE, INDEX_NAME, ORDINAL_POSITION`,
  ],
  [
    'SQLAlchemy: columns',
    `SELECT pg_catalog.pg_attribute.attname AS name, pg_catalog.format_type(pg_catalog.pg_attribute.atttypid, pg_catalog.pg_attribute.atttypmod) AS format_type, (SELECT pg_catalog.pg_get_expr(pg_catalog.pg_attrdef.adbin, pg_catalog.pg_attrdef.adrelid) AS pg_get_expr_1 FROM pg_catalog.pg_attrdef WHERE pg_catalog.pg_attrdef.adrelid = pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_attrdef.adnum = pg_catalog.pg_attribute.attnum AND pg_catalog.pg_attribute.atthasdef) AS "default", pg_catalog.pg_attribute.attnotnull AS not_null, pg_catalog.pg_class.relname AS table_name, pg_catalog.pg_description.description AS comment FROM pg_catalog.pg_class LEFT OUTER JOIN pg_catalog.pg_attribute ON pg_catalog.pg_class.oid = pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_attribute.attnum > 0 AND NOT pg_catalog.pg_attribute.attisdropped LEFT OUTER JOIN pg_catalog.pg_description ON pg_catalog.pg_description.objoid = pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_description.objsubid = pg_catalog.pg_attribute.attnum JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace WHERE pg_catalog.pg_class.relkind = ANY (ARRAY['r', 'p', 'f', 'v', 'm']) AND pg_catalog.pg_class.relname IN ('users') ORDER BY pg_catalog.pg_class.relname, pg_catalog.pg_attribute.attnum`,
  ],
  [
    'SQLAlchemy: keys',
    `SELECT attr.conrelid, array_agg(CAST(attr.attname AS TEXT) ORDER BY attr.ord) AS cols, attr.conname FROM (SELECT con.conrelid AS conrelid, con.conname AS conname, con.ord AS ord, pg_catalog.pg_attribute.attname AS attname FROM pg_catalog.pg_attribute JOIN (SELECT pg_catalog.pg_constraint.conrelid AS conrelid, pg_catalog.pg_constraint.conname AS conname, unnest(pg_catalog.pg_constraint.conkey) AS attnum, generate_subscripts(pg_catalog.pg_constraint.conkey, 1) AS ord FROM pg_catalog.pg_constraint WHERE pg_catalog.pg_constraint.contype = 'p') AS con ON pg_catalog.pg_attribute.attnum = con.attnum AND pg_catalog.pg_attribute.attrelid = con.conrelid) AS attr GROUP BY attr.conrelid, attr.conname ORDER BY attr.conrelid, attr.conname`,
  ],
  [
    'SQLAlchemy: foreign keys',
    `SELECT pg_catalog.pg_class.relname, pg_catalog.pg_constraint.conname, CASE WHEN (pg_catalog.pg_constraint.oid IS NOT NULL) THEN pg_catalog.pg_get_constraintdef(pg_catalog.pg_constraint.oid, true) END AS anon_1, nsp_ref.nspname FROM pg_catalog.pg_class LEFT OUTER JOIN pg_catalog.pg_constraint ON pg_catalog.pg_class.oid = pg_catalog.pg_constraint.conrelid AND pg_catalog.pg_constraint.contype = 'f' LEFT OUTER JOIN pg_catalog.pg_class AS cls_ref ON cls_ref.oid = pg_catalog.pg_constraint.confrelid LEFT OUTER JOIN pg_catalog.pg_namespace AS nsp_ref ON cls_ref.relnamespace = nsp_ref.oid WHERE pg_catalog.pg_class.relname IN ('orders')`,
  ],
  [
    'asyncpg: types',
    `SELECT t.oid, ns.nspname AS ns, t.typname AS name, t.typtype AS kind, (CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, NULL) ELSE NULL END) AS basetype, t.typelem AS elemtype, elem_t.typdelim AS elemdelim, (CASE WHEN t.typtype = 'r' THEN (SELECT range_t.rngsubtype FROM pg_range AS range_t WHERE range_t.rngtypid = t.oid) ELSE NULL END) AS range_subtype FROM pg_catalog.pg_type AS t INNER JOIN pg_catalog.pg_namespace ns ON (ns.oid = t.typnamespace) LEFT JOIN pg_type AS elem_t ON (t.typlen = -1 AND t.typelem != 0 AND t.typelem = elem_t.oid) WHERE t.oid = any(array[25, 1009]::oid[])`,
  ],
  [
    'Prisma: tables',
    `SELECT tbl.relname AS table_name, namespace.nspname as namespace, (tbl.relhassubclass and tbl.relkind = 'p') as is_partition, (tbl.relhassubclass and tbl.relkind = 'r') as has_subclass, tbl.relrowsecurity as has_row_level_security, reloptions, obj_description(tbl.oid, 'pg_class') as description FROM pg_class AS tbl INNER JOIN pg_namespace AS namespace ON namespace.oid = tbl.relnamespace WHERE (tbl.relkind='r' AND tbl.relispartition='f') AND namespace.nspname = ANY (ARRAY['public']) ORDER BY namespace, table_name`,
  ],
  [
    'Prisma: columns',
    `SELECT oid.namespace, info.table_name, info.column_name, format_type(att.atttypid, att.atttypmod) as formatted_type, info.numeric_precision, info.numeric_scale, info.data_type, pg_get_expr(attdef.adbin, attdef.adrelid) AS column_default, info.is_nullable, info.is_identity, col_description(att.attrelid, ordinal_position) AS description FROM information_schema.columns info JOIN pg_attribute att ON att.attname = info.column_name JOIN (SELECT pg_class.oid, relname, pg_namespace.nspname as namespace FROM pg_class JOIN pg_namespace on pg_namespace.oid = pg_class.relnamespace WHERE reltype > 0) as oid on oid.oid = att.attrelid AND relname = info.table_name AND namespace = info.table_schema LEFT OUTER JOIN pg_attrdef attdef ON attdef.adrelid = att.attrelid AND attdef.adnum = att.attnum WHERE info.table_schema = ANY (ARRAY['public']) ORDER BY namespace, table_name, ordinal_position`,
  ],
  [
    'Metabase: columns',
    `SELECT c.table_schema AS schema, c.table_name, c.column_name AS name, c.udt_name AS "database-type", c.ordinal_position - 1 AS position, col_description(CAST(CAST(format('%I.%I', CAST(c.table_schema AS TEXT), CAST(c.table_name AS TEXT)) AS regclass) AS oid), c.ordinal_position) AS "field-comment", ((c.column_default IS NULL) OR (LOWER(c.column_default) = 'null')) AND (c.is_nullable = 'NO') AS "database-required" FROM information_schema.columns AS c WHERE c.table_schema !~ '^information_schema|catalog_history|pg_' AND c.table_schema = 'public' ORDER BY 1, 2, 5`,
  ],
  [
    'DBeaver: relations',
    `SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass WHERE c.relnamespace=2200 AND c.relkind not in ('i','I','c')`,
  ],
  [
    'psql: \\dn',
    `SELECT n.nspname AS "Name", pg_catalog.pg_get_userbyid(n.nspowner) AS "Owner" FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`,
  ],
];

const told =
  `attrdef cast database depend extension foreign_server foreign_table language opclass operator opfamily partitioned_table policy
  proc publication publication_namespace publication_rel range rewrite roles sequence sequences statistic_ext tablespace trigger class
  attribute constraint index type namespace`.split(/\s+/);

const target = createPostgres({ allowPlaintext: false });
let server: Postgres;
let agents: Agent[];

beforeAll(async () => {
  server = await startTwoDatabases(setUp);
  agents = ['a', 'b'].map((database) =>
    agentAt({ port: server.port, database, user: server.user, password: server.password }, { classification, target }),
  );
});

afterAll(async () => {
  await target.close();
  await server?.stop();
});

/** What both agents are told. Names of databases and numbers of objects differ by the set-up alone. */
const both = (statement: string) =>
  Promise.all(
    agents.map(async (agent) =>
      (await agent.run(statement)).rows.map((row) => JSON.stringify(row).replace(/\d+/g, '#')),
    ),
  );

describe('the catalogs that clients need', () => {
  test.each(asked)('answer %s, whatever the classified values are', async (_, statement) => {
    const [a, b] = await both(statement);

    expect(a).not.toEqual([]);
    expect(a?.sort()).toEqual(b?.sort());
  });

  test.each(told)('tell of structure alone: pg_%s', async (name) => {
    const [a, b] = await both(`SELECT t FROM pg_catalog.pg_${name} t`);

    expect(a?.sort()).toEqual(b?.sort());
  });

  test('hide programs, secrets, sizes and what was counted', async () => {
    const { rows } = await (agents[0] as Agent).run(`SELECT
      (SELECT count(to_jsonb(p) ->> 'prosrc') + count(to_jsonb(p) ->> 'prosqlbody') + count(proargdefaults) + count(proacl) FROM pg_proc p),
      (SELECT count(rolpassword) + count(rolconfig) FROM pg_roles), (SELECT count(last_value) FROM pg_sequences),
      (SELECT count(reltuples) + count(relpages) + count(relpartbound) FROM pg_class), (SELECT count(tgargs) FROM pg_trigger),
      (SELECT count(polqual) FROM pg_policy), (SELECT count(srvoptions) FROM pg_foreign_server)`);

    expect(rows).toEqual([[0, 0, 0, 0, 0, 0, 0]]);
  });

  test.each([
    'pg_stats',
    'pg_statistic',
    'pg_settings',
    'pg_authid',
    'pg_shadow',
    'pg_stat_activity',
    'pg_user_mapping',
    'pg_largeobject',
    'pg_stat_user_tables',
    'pg_statistic_ext_data',
    'pg_stat_statements_info',
    'pg_prepared_statements',
    'pg_file_settings',
    'pg_hba_file_rules',
    'pg_subscription',
  ])('do not include %s', async (name) => {
    await expect((agents[0] as Agent).run(`SELECT * FROM ${name}`)).rejects.toMatchObject({
      code: 'masking-unprovable',
    });
  });
});
