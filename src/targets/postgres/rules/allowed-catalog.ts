import type { Column, Relation } from '../catalog/catalog.ts';

/**
 * R8: relations of the system that tell of structure and not of rows, each with the columns that do depend on rows
 * (sizes, statistics, sample values), are secret or are programs, and are given as NULL. Definitions (of views, defaults, checks,
 * indexes) are structure: what their authors wrote, whatever the rows hold. Any other (`pg_stats`, `pg_settings`, …) is refused.
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
  'pg_catalog.pg_attrdef': '',
  'pg_catalog.pg_cast': '',
  'pg_catalog.pg_database': 'datacl datfrozenxid datminmxid daticurules',
  'pg_catalog.pg_depend': '',
  'pg_catalog.pg_extension': 'extconfig extcondition',
  'pg_catalog.pg_foreign_server': 'srvoptions srvacl',
  'pg_catalog.pg_foreign_table': 'ftoptions',
  'pg_catalog.pg_language': 'lanacl',
  'pg_catalog.pg_opclass': '',
  'pg_catalog.pg_operator': '',
  'pg_catalog.pg_opfamily': '',
  'pg_catalog.pg_partitioned_table': '',
  'pg_catalog.pg_policy': 'polqual polwithcheck',
  'pg_catalog.pg_proc': 'prosrc probin prosqlbody proargdefaults proconfig proacl',
  'pg_catalog.pg_publication': '',
  'pg_catalog.pg_publication_namespace': '',
  'pg_catalog.pg_publication_rel': 'prqual',
  'pg_catalog.pg_range': '',
  'pg_catalog.pg_rewrite': 'ev_qual ev_action',
  'pg_catalog.pg_roles': 'rolpassword rolconfig rolvaliduntil',
  'pg_catalog.pg_sequence': '',
  'pg_catalog.pg_sequences': 'last_value',
  'pg_catalog.pg_statistic_ext': 'stxexprs stxstattarget',
  'pg_catalog.pg_tablespace': 'spcacl spcoptions',
  'pg_catalog.pg_trigger': 'tgargs tgqual',
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
  'information_schema.constraint_table_usage': '',
  'information_schema.domains': '',
  'information_schema.element_types': '',
  'information_schema.routines': 'routine_definition',
  'information_schema.sequences': '',
  'information_schema.triggers': 'action_condition action_statement',
  'information_schema.view_column_usage': '',
  'information_schema.view_table_usage': '',
};

/** The columns of a system relation that are hidden, or undefined where the relation may not be read at all. */
export function hiddenColumns(relation: Relation): readonly Column[] | undefined {
  const words = hidden[`${relation.schema}.${relation.name}`];
  if (words === undefined) return undefined;
  const names = new Set(words.split(' '));
  return relation.columns.filter((column) => names.has(column.name));
}
