/** The questions asked of the target's catalog. Every name is of `pg_catalog`, which is all the session looks in. */

/**
 * Rows of the catalog that say what a relation is, for a read of it and, besides, for a write: how each says which relation
 * that is, and where it stands. 0 stands for the whole database: checks of domains belong to no relation, and neither do casts.
 */
const telling: readonly { relation: string; from: string; write?: true }[] = [
  { relation: 'v.oid', from: 'pg_class v' },
  { relation: 'c.oid', from: 'pg_class c JOIN pg_namespace v ON v.oid = c.relnamespace' },
  { relation: 'v.attrelid', from: 'pg_attribute v' },
  { relation: 'v.conrelid', from: 'pg_constraint v' },
  { relation: 'v.ev_class', from: 'pg_rewrite v' },
  { relation: 'v.inhparent', from: 'pg_inherits v' },
  { relation: 'v.polrelid', from: 'pg_policy v' },
  { relation: '0::oid', from: 'pg_cast v WHERE v.oid >= 16384' },
  { relation: 'v.tgrelid', from: 'pg_trigger v', write: true },
  { relation: 'v.indrelid', from: 'pg_index v' },
  { relation: 'v.adrelid', from: 'pg_attrdef v', write: true },
];

/** Of each row its version: whatever changes, is added or goes changes how many there are or what the versions add up to. */
const version = 'v.xmin::text::bigint AS version';

const fingerprint = (rows = '') => `concat(count(*)${rows}, ':', coalesce(sum(version)${rows}, 0))`;

/**
 * The fingerprint of the relations `$1` together. Prepared once for each session, as it is asked with every statement; how many
 * relations there are is hidden in a subquery from the planner, which would else plan it anew each time.
 */
const drift = (parts: typeof telling) =>
  `SELECT ${fingerprint()} FROM (${parts
    .map(
      ({ relation, from }) =>
        `SELECT ${version} FROM ${from} ${from.includes('WHERE') ? 'AND' : 'WHERE'} ${relation} = ANY ((SELECT $1::oid[])::oid[])`,
    )
    .join(' UNION ALL ')}) t`;

export const driftSql = drift(telling.filter(({ write }) => write !== true));
export const writeDriftSql = drift(telling);

const ofUser = `n.nspname NOT IN ('pg_catalog', 'information_schema')`;

/** Whether a catalog object calls a function or an operator that neither came with the server nor with an extension. */
const callsFunctions = (catalog: string, oid: string) => `EXISTS (SELECT FROM pg_depend u
      WHERE u.classid = '${catalog}'::regclass AND u.objid = ${oid} AND u.refobjid >= 16384
        AND u.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass)
        AND NOT EXISTS (SELECT FROM pg_depend m WHERE m.classid = u.refclassid AND m.objid = u.refobjid AND m.deptype = 'e'))`;

/**
 * Whether an expression, as the catalog keeps it, calls a function that came with the server and reads rows, files or statistics.
 * Of those `pg_depend` says nothing.
 */
const callsReaders = (
  ...expressions: string[]
) => `concat(${expressions.join(', ')}) ~ (SELECT ':funcid (' || string_agg(r.oid::text, '|') || ') '
      FROM pg_proc r WHERE r.oid < 16384 AND r.proname ~ '(_to_xml|_to_xmlschema|_xml_and_xmlschema|relation_size|table_size|indexes_size|database_size|tablespace_size)$|^(ts_stat|ts_rewrite|loread|lo_|pg_read|pg_ls_|pg_stat|pg_sequence_last_value|currval|lastval)')`;

/** Whether a check of some domain runs code; then every domain, and every type that could hold one, is taken to. */
const domainsRunCode = `EXISTS (SELECT FROM pg_constraint k WHERE k.contypid <> 0 AND (${callsFunctions('pg_constraint', 'k.oid')} OR ${callsReaders('k.conbin')}))`;
const mayHoldDomain = (
  type: string,
) => `${domainsRunCode} AND EXISTS (SELECT FROM pg_type h LEFT JOIN pg_type i ON i.oid = h.typelem
      WHERE h.oid = ${type} AND h.oid >= 16384 AND (h.typtype IN ('d', 'c', 'r', 'm') OR i.typtype IN ('d', 'c', 'r', 'm')))`;
const usesDomains = (
  catalog: string,
  oid: string,
) => `EXISTS (SELECT FROM pg_depend y WHERE y.classid = '${catalog}'::regclass
      AND y.objid = ${oid} AND y.refclassid = 'pg_type'::regclass AND ${mayHoldDomain('y.refobjid')})`;

const callsUserCode = (catalog: string, oid: string) =>
  `(${callsFunctions(catalog, oid)} OR ${usesDomains(catalog, oid)})`;

/** Whether an expression, as the catalog keeps it, looks at a whole row; which columns that is, the catalog does not say. */
const wholeRow = (...expressions: string[]) => `concat(${expressions.join(', ')}) ~ ':varattno 0 '`;

/** Every column that an index `x` looks at. */
const indexColumns = `CASE WHEN x.indexprs IS NULL AND x.indpred IS NULL THEN to_json(x.indkey::int2[]) ELSE (SELECT coalesce(json_agg(DISTINCT u.number), '[]') FROM (
        SELECT unnest(x.indkey::int2[])::int AS number
        UNION SELECT d.refobjsubid FROM pg_depend d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid AND d.refobjid = x.indrelid) u
        WHERE u.number > 0 OR ${wholeRow('x.indexprs', 'x.indpred')}) END`;

/** Relations that have one of the names `$1`, in whatever schema. */
export const relationsNamedSql = `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_(toast|temp)'
  WHERE c.relname = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`;

export const catalogSql = {
  relations: `
    SELECT c.oid::int, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
      EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type <> '1') AS rules,
      (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'number', a.attnum, 'type', a.atttypid::bigint,
          'generated', a.attgenerated <> '', 'hasDefault', a.atthasdef OR a.attidentity <> '' OR EXISTS (SELECT FROM pg_type t WHERE t.oid = a.atttypid AND t.typdefault IS NOT NULL),
          'inline', a.attlen < 0 AND a.attstorage = 'p') ORDER BY a.attnum), '[]')
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_(toast|temp)'`,

  fingerprints: `
    SELECT t.relation::int, ${fingerprint(' FILTER (WHERE NOT write)')} AS fingerprint, ${fingerprint()} AS "writeFingerprint"
    FROM (${telling.map(({ relation, from, write = false }) => `SELECT ${relation} AS relation, ${version}, ${write} AS write FROM ${from}`).join(' UNION ALL ')}) t
    WHERE t.relation = 0 OR EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = t.relation AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${ofUser} AND n.nspname !~ '^pg_(toast|temp)')
    GROUP BY t.relation`,

  types: `
    SELECT t.oid::int, n.nspname AS schema, t.typname AS name, t.typtype AS kind, t.typcategory AS category,
      t.typbasetype::int AS base, t.typelem::int AS element,
      EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e') AS extension,
      EXISTS (SELECT FROM pg_cast k WHERE t.oid IN (k.castsource, k.casttarget) AND k.castfunc >= 16384
        AND (t.oid >= 16384 OR greatest(k.castsource, k.casttarget) < 16384) AND NOT EXISTS
        (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = k.castfunc AND d.deptype = 'e'))
        OR ${mayHoldDomain('t.oid')} AS "userCast"
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype <> 'c' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typtype = 'c')
      OR t.oid IN (SELECT DISTINCT a.atttypid FROM pg_attribute a)`,

  // An aggregate is called immutable whatever the functions do that it is made of.
  elsewhere: `
    SELECT n.nspname AS schema, p.proname AS name, bool_and(p.provolatile <> 'v' AND p.prokind <> 'a') AS stable,
      bool_and(l.lanname IN ('c', 'internal', 'sql')) AS plain,
      CASE WHEN bool_and(e.extname IS NOT NULL) AND count(DISTINCT e.extname) = 1 THEN min(e.extname) END AS extension
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    LEFT JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
    LEFT JOIN pg_extension e ON e.oid = d.refobjid
    WHERE ${ofUser} AND n.nspname !~ '^pg_(toast|temp)' GROUP BY n.nspname, p.proname`,

  functions: `
    SELECT CASE WHEN p.proname = '_pg_expandarray' THEN 'information_schema.' ELSE '' END || p.proname AS name,
      bool_and(p.provolatile <> 'v') AS stable, bool_and(p.oid < 16384) AS "builtIn", bool_or(p.proretset) AS "returnsSet"
    FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
      OR p.pronamespace = 'information_schema'::regnamespace AND p.proname = '_pg_expandarray'
    GROUP BY p.proname`,

  inheritance: `SELECT inhrelid::int AS child, inhparent::int AS parent FROM pg_inherits`,

  foreignKeys: `
    SELECT conrelid::int AS child, confrelid::int AS parent, to_json(conkey) AS "childColumns", to_json(confkey) AS "parentColumns",
      confdeltype AS "onDelete", confupdtype AS "onUpdate" FROM pg_constraint WHERE contype = 'f'`,

  uniques: `
    SELECT x.indrelid::int AS relation,
      ${indexColumns} AS columns,
      x.indexprs IS NULL AND x.indpred IS NULL AND NOT x.indisexclusion
        AND coalesce(to_jsonb(x) ->> 'indnullsnotdistinct', 'false') = 'false' AS plain,
      x.indisprimary AND x.indimmediate AS primary
    FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid AND c.relkind IN ('r', 'p', 'm') WHERE x.indisunique OR x.indisexclusion`,

  indexes: `
    SELECT x.indrelid::int AS relation, ${indexColumns} AS columns
    FROM pg_index x WHERE NOT x.indisunique AND NOT x.indisexclusion
      AND (x.indnatts > 1 OR x.indexprs IS NOT NULL OR x.indpred IS NOT NULL)`,

  // The columns of an expression depend on its table, and not the other way round.
  partitionKeys: `
    SELECT p.partrelid::int AS relation, (SELECT coalesce(json_agg(DISTINCT u.number), '[]') FROM (
        SELECT unnest(p.partattrs::int2[])::int AS number
        UNION SELECT d.objsubid FROM pg_depend d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = p.partrelid AND d.objsubid > 0
            AND d.refclassid = 'pg_class'::regclass AND d.refobjid = p.partrelid AND d.refobjsubid = 0) u
        WHERE u.number > 0) AS columns
    FROM pg_partitioned_table p`,

  checks: `
    SELECT conrelid::int AS relation, to_json(CASE WHEN ${wholeRow('conbin')} THEN conkey || 0::int2 ELSE coalesce(conkey, '{}') END) AS columns,
      convalidated AS validated FROM pg_constraint WHERE contype IN ('c', 'n') AND conrelid <> 0`,

  generated: `
    SELECT d.adrelid::int AS relation, d.adnum::int AS column, p.refobjsubid AS source
    FROM pg_attrdef d
    JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attgenerated <> ''
    JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid AND p.refobjid = d.adrelid
      AND p.refobjsubid > 0 AND p.refobjsubid <> d.adnum`,

  views: `
    SELECT c.oid::int, pg_get_viewdef(c.oid) AS definition,
      (SELECT coalesce(json_agg(DISTINCT d.refobjid::bigint), '[]') FROM pg_rewrite w
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
        WHERE w.ev_class = c.oid AND d.refobjid <> c.oid) AS reads,
      EXISTS (SELECT FROM pg_rewrite w
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
          AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass) AND d.refobjid >= 16384
        WHERE w.ev_class = c.oid) OR EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid AND ${usesDomains('pg_rewrite', 'w.oid')}) AS "userCode"
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND ${ofUser}`,

  userCode: `
    SELECT tgrelid::int AS relation FROM pg_trigger WHERE NOT tgisinternal
    UNION SELECT k.conrelid::int FROM pg_constraint k WHERE k.conrelid <> 0 AND (${callsUserCode('pg_constraint', 'k.oid')} OR ${callsReaders('k.conbin')})
    UNION SELECT d.adrelid::int FROM pg_attrdef d WHERE ${callsUserCode('pg_attrdef', 'd.oid')} OR ${callsReaders('d.adbin')}
    UNION SELECT x.indrelid::int FROM pg_index x WHERE ${callsUserCode('pg_class', 'x.indexrelid')}
    UNION SELECT c.oid::int FROM pg_class c WHERE c.relkind = 'p' AND ${callsUserCode('pg_class', 'c.oid')}
    UNION SELECT a.attrelid::int FROM pg_attribute a WHERE ${mayHoldDomain('a.atttypid')}`,

  rowSecurity: `
    SELECT p.polrelid::int AS relation, d.refobjsubid AS column
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid AND c.relrowsecurity
    JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refobjid = p.polrelid AND d.refobjsubid > 0
    UNION SELECT p.polrelid::int, 0 FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid AND c.relrowsecurity
      WHERE ${callsUserCode('pg_policy', 'p.oid')} OR ${wholeRow('p.polqual', 'p.polwithcheck')} OR ${callsReaders('p.polqual', 'p.polwithcheck')}
        OR EXISTS (SELECT FROM pg_depend o WHERE o.classid = 'pg_policy'::regclass AND o.objid = p.oid
          AND o.refclassid = 'pg_class'::regclass AND o.refobjid <> p.polrelid)`,

  /**
   * R12: the columns of users' relations that this login may read, or could help itself to: by a grant to it, to PUBLIC or to a role
   * that it is a member of (inherited or not), as an owner, who can grant to himself, and in any way as a role that no
   * grant holds back.
   */
  readable: `
    WITH mine AS (SELECT r.oid, r.rolsuper OR r.rolcreaterole OR r.rolreplication OR r.rolname IN
          ('pg_read_all_data', 'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program') AS mighty
        FROM pg_roles r WHERE pg_has_role(r.oid, 'MEMBER')),
      above AS MATERIALIZED (SELECT bool_or(mighty) AS all FROM mine)
    SELECT a.attrelid::int AS relation, json_agg(a.attnum) AS columns
    FROM above, pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${ofUser} AND n.nspname !~ '^pg_(toast|temp)'
      AND CASE WHEN above.all OR pg_has_role(c.relowner, 'MEMBER') THEN true
        ELSE EXISTS (SELECT FROM mine m WHERE has_column_privilege(m.oid, c.oid, a.attnum, 'SELECT')) END
    GROUP BY a.attrelid`,
} as const;
