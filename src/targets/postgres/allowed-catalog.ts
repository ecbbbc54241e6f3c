import type { Column, Relation } from './catalog.ts';

/**
 * R8: relations of the system that tell of structure and not of rows, each with the columns that do depend on rows
 * (sizes, statistics, sample values) and are given as NULL. Any other (`pg_stats`, `pg_stat_activity`, …) is refused.
 */
const hidden: Readonly<Record<string, string>> = {
  'pg_catalog.pg_class':
    'relpages reltuples relallvisible relallfrozen relfilenode relfrozenxid relminmxid reltoastrelid reloptions relacl relpartbound',
  'pg_catalog.pg_attribute': 'attmissingval attoptions attfdwoptions attacl attstattarget',
  'pg_catalog.pg_namespace': 'nspacl',
  'pg_catalog.pg_type': 'typacl',
  'pg_catalog.pg_index': '',
  'pg_catalog.pg_constraint': '',
  'pg_catalog.pg_description': '',
  'pg_catalog.pg_enum': '',
  'pg_catalog.pg_am': '',
  'pg_catalog.pg_collation': '',
  'pg_catalog.pg_inherits': '',
  'pg_catalog.pg_tables': '',
  'pg_catalog.pg_views': '',
  'pg_catalog.pg_matviews': '',
  'pg_catalog.pg_indexes': '',
  'pg_catalog.pg_timezone_names': '',
  'information_schema.columns': '',
  'information_schema.tables': '',
  'information_schema.schemata': '',
  'information_schema.views': '',
  'information_schema.table_constraints': '',
  'information_schema.key_column_usage': '',
  'information_schema.referential_constraints': '',
  'information_schema.constraint_column_usage': '',
  'information_schema.check_constraints': '',
};

/** The columns of a system relation that are hidden, or undefined where the relation may not be read at all. */
export function hiddenColumns(relation: Relation): readonly Column[] | undefined {
  const words = hidden[`${relation.schema}.${relation.name}`];
  if (words === undefined) return undefined;
  const names = new Set(words.split(' '));
  return relation.columns.filter((column) => names.has(column.name));
}
