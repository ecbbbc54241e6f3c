import { z } from 'zod';
import { constant } from '../language/syntax.ts';

/** Answers a query with its rows as objects. */
type Ask = (sql: string) => Promise<unknown[]>;

/** What grants depend on and a catalog snapshot does not hold, as it is no part of understanding. */
export type GrantFacts = {
  /** By relation, the columns that PUBLIC may read. */
  publicColumns: ReadonlyMap<number, ReadonlySet<number>>;
  publicCreates: readonly string[];
  /** Of views. */
  owners: ReadonlyMap<number, string>;
  /** Sequences that a table takes its defaults from. */
  sequences: readonly { relation: number; schema: string; name: string }[];
  /** Default privileges that let PUBLIC, or the role, read what will be made. */
  defaults: readonly { owner: string; schema: string | null; grantee: string }[];
  /** Functions that run with their owner's rights and that PUBLIC may call. */
  definers: readonly string[];
  rowSecurity: readonly string[];
  /** Of the role, where it is there. */
  exists: boolean;
  attributes: readonly string[];
  memberOf: readonly string[];
  owns: readonly string[];
};

const number = z.coerce.number().int();
const ofUser = `n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'`;
const names = z.array(z.object({ name: z.string() }));

/** Reads them; the caller sees to it that it is one snapshot, in a session that looks in `pg_catalog` alone. */
export async function readGrantFacts(ask: Ask, role: string): Promise<GrantFacts> {
  const read = async <Row>(schema: z.ZodType<Row>, sql: string) => schema.parse(await ask(sql));
  const listed = async (sql: string) => (await read(names, sql)).map(({ name }) => name);
  const me = `(SELECT oid FROM pg_roles WHERE rolname = ${constant(role)})`;
  const publicColumns = await read(
    z.array(z.object({ relation: number, columns: z.array(number) })),
    `SELECT c.oid::int AS relation, json_agg(a.attnum) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE ${ofUser} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
       AND has_column_privilege('public', c.oid, a.attnum, 'SELECT') GROUP BY c.oid`,
  );
  const owners = await read(
    z.array(z.object({ relation: number, owner: z.string() })),
    `SELECT c.oid::int AS relation, pg_get_userbyid(c.relowner) AS owner FROM pg_class c WHERE c.relkind IN ('v', 'm')`,
  );
  const [found] = await read(
    z.array(z.object({ attributes: z.array(z.string()) })),
    `SELECT to_json(array_remove(ARRAY[CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
       CASE WHEN rolreplication THEN 'REPLICATION' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END], NULL)) AS attributes
     FROM pg_roles WHERE oid = ${me}`,
  );
  return {
    publicColumns: new Map(publicColumns.map(({ relation, columns }) => [relation, new Set(columns)])),
    publicCreates: await listed(
      `SELECT n.nspname AS name FROM pg_namespace n WHERE ${ofUser} AND has_schema_privilege('public', n.oid, 'CREATE') ORDER BY 1`,
    ),
    owners: new Map(owners.map(({ relation, owner }) => [relation, owner])),
    sequences: await read(
      z.array(z.object({ relation: number, schema: z.string(), name: z.string() })),
      `SELECT DISTINCT f.adrelid::int AS relation, n.nspname AS schema, s.relname AS name
       FROM pg_attrdef f JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
       JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' JOIN pg_namespace n ON n.oid = s.relnamespace ORDER BY 1, 2, 3`,
    ),
    defaults: await read(
      z.array(z.object({ owner: z.string(), schema: z.string().nullable(), grantee: z.string() })),
      `SELECT pg_get_userbyid(d.defaclrole) AS owner, n.nspname AS schema,
         CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END AS grantee
       FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) a
       WHERE d.defaclobjtype = 'r' AND a.privilege_type = 'SELECT' AND (a.grantee = 0 OR a.grantee = ${me}) ORDER BY 1, 2, 3`,
    ),
    definers: await listed(
      `SELECT n.nspname || '.' || p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE ${ofUser} AND p.prosecdef AND has_function_privilege('public', p.oid, 'EXECUTE') AND p.prorettype <> 'trigger'::regtype
       ORDER BY 1 LIMIT 50`,
    ),
    rowSecurity: await listed(
      `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relrowsecurity AND ${ofUser} AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive
         AND p.polcmd IN ('r', '*') AND (p.polroles @> ARRAY[0::oid] OR ${me} = ANY (p.polroles))) ORDER BY 1 LIMIT 50`,
    ),
    exists: found !== undefined,
    attributes: found?.attributes ?? [],
    memberOf: await listed(
      `SELECT pg_get_userbyid(m.roleid) AS name FROM pg_auth_members m WHERE m.member = ${me} ORDER BY 1`,
    ),
    owns: await listed(
      `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relowner = ${me} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1 LIMIT 50`,
    ),
  };
}
