import { z } from 'zod';

const number = z.coerce.number().int();

/** What only agents that look around need to know of a relation: read when asked for, for as many as are shown at a time. */
const details = z.object({
  oid: number,
  comment: z.string().nullable(),
  rows: z.coerce.number().nullable(),
  columns: z.array(
    z.object({
      number,
      type: z.string(),
      nullable: z.boolean(),
      default: z.boolean(),
      comment: z.string().nullable(),
    }),
  ),
  primaryKey: z.array(number).nullable(),
  uniques: z.array(z.array(number)),
});
export const detailsSchema = z.array(details);
export type Details = z.output<typeof details>;

/**
 * Of the relations `$1` that this login may do anything with. Row counts are the server's own estimate as a power of ten, and
 * not told where row-level security decides which rows there are.
 */
export const detailsSql = `
  SELECT c.oid::int, obj_description(c.oid, 'pg_class') AS comment,
    CASE WHEN c.relkind IN ('r', 'm', 'p') AND c.reltuples >= 0 AND NOT c.relrowsecurity
      THEN CASE WHEN c.reltuples < 1 THEN 0 ELSE 10 ^ round(log(c.reltuples)) END END AS rows,
    (SELECT coalesce(json_agg(json_build_object('number', a.attnum, 'type', format_type(a.atttypid, a.atttypmod),
        'nullable', NOT a.attnotnull, 'default', a.atthasdef OR a.attidentity <> '', 'comment', col_description(c.oid, a.attnum))), '[]')
      FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    (SELECT to_json(k.conkey) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p') AS "primaryKey",
    (SELECT coalesce(json_agg(x.indkey[0:x.indnkeyatts - 1] ORDER BY x.indexrelid), '[]') FROM pg_index x
      WHERE x.indrelid = c.oid AND x.indisunique AND NOT x.indisprimary AND x.indexprs IS NULL AND x.indpred IS NULL) AS uniques
  FROM pg_class c
  WHERE c.oid = ANY ($1::oid[]) AND has_schema_privilege(c.relnamespace, 'USAGE')
    AND (has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES') OR has_table_privilege(c.oid, 'DELETE, TRUNCATE'))`;
