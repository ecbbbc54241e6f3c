import { type CatalogTable, datasetName } from './catalog.ts';
import { invalid, invalidQuery, notFound } from './errors.ts';
import type { QueryContext } from './names.ts';
import { elementOf, type Field, isRepeated, isRequired, quoted } from './schema.ts';
import { sqlString } from './sql/scope.ts';

type Row = (string | number | null)[];

interface View {
  columns: Record<string, 'VARCHAR' | 'BIGINT' | 'TIMESTAMP WITH TIME ZONE'>;
  rows(tables: readonly CatalogTable[]): Row[];
}

const address = (table: CatalogTable) => [
  table.reference.projectId,
  table.reference.datasetId,
  table.reference.tableId,
];

const VIEWS: Record<string, View> = {
  TABLES: {
    columns: {
      table_catalog: 'VARCHAR',
      table_schema: 'VARCHAR',
      table_name: 'VARCHAR',
      table_type: 'VARCHAR',
      is_insertable_into: 'VARCHAR',
      creation_time: 'TIMESTAMP WITH TIME ZONE',
    },
    rows: (tables) =>
      tables.map((table) => {
        const isTable = table.type === 'TABLE';
        return [
          ...address(table),
          isTable ? 'BASE TABLE' : 'VIEW',
          isTable ? 'YES' : 'NO',
          new Date(table.created).toISOString(),
        ];
      }),
  },
  VIEWS: {
    columns: { table_catalog: 'VARCHAR', table_schema: 'VARCHAR', table_name: 'VARCHAR', view_definition: 'VARCHAR' },
    rows: (tables) =>
      tables.flatMap((table) => (table.viewQuery === undefined ? [] : [[...address(table), table.viewQuery]])),
  },
  COLUMNS: {
    columns: {
      table_catalog: 'VARCHAR',
      table_schema: 'VARCHAR',
      table_name: 'VARCHAR',
      column_name: 'VARCHAR',
      ordinal_position: 'BIGINT',
      is_nullable: 'VARCHAR',
      data_type: 'VARCHAR',
      is_partitioning_column: 'VARCHAR',
    },
    rows: (tables) => tables.flatMap((table) => table.fields.map((field, index) => columnRow(table, field, index))),
  },
};

function columnRow(table: CatalogTable, field: Field, index: number): Row {
  const nullable = isRequired(field) ? 'NO' : 'YES';
  const partitioning = table.partitionField === field.name ? 'YES' : 'NO';
  return [...address(table), field.name, index + 1, nullable, typeName(field), partitioning];
}

const NAMES: Record<string, string> = { INTEGER: 'INT64', FLOAT: 'FLOAT64', BOOLEAN: 'BOOL' };

/** A field's type as GoogleSQL writes it. */
function typeName(field: Field): string {
  if (isRepeated(field)) return `ARRAY<${typeName(elementOf(field))}>`;
  if (field.type !== 'RECORD') return NAMES[field.type] ?? field.type;
  return `STRUCT<${(field.fields ?? []).map((inner) => `${inner.name} ${typeName(inner)}`).join(', ')}>`;
}

/** `[project.]dataset.INFORMATION_SCHEMA.view` as a subquery. Refuses views that the emulator does not have. */
export function informationSchema(context: QueryContext, before: readonly string[], after: readonly string[]): string {
  const name = after[0]?.toUpperCase() ?? '';
  const view = after.length === 1 && Object.hasOwn(VIEWS, name) ? VIEWS[name] : undefined;
  if (!view) throw invalidQuery(`INFORMATION_SCHEMA.${after.join('.')} is not supported by this emulator`);
  const [datasetId = context.defaultDataset?.datasetId, projectId = context.projectId] = before.toReversed();
  if (datasetId === undefined) throw invalid(`INFORMATION_SCHEMA.${name} must be qualified with a dataset.`);
  const reference = { projectId, datasetId };
  if (before.length > 2) throw notFound(datasetName(reference));
  return subqueryOf(view, view.rows(context.catalog.tables(reference)));
}

function subqueryOf(view: View, rows: readonly Row[]): string {
  const columns = Object.entries(view.columns);
  const cell = (value: string | number | null) => (value === null ? 'NULL' : sqlString(String(value)));
  const values = [columns.map(() => null), ...rows].map((row) => `(${row.map(cell).join(', ')})`);
  const casts = columns.map(([name, type]) => `CAST(${quoted(name)} AS ${type}) AS ${quoted(name)}`);
  const names = columns.map(([name]) => quoted(name)).join(', ');
  return `(SELECT ${casts.join(', ')} FROM (VALUES ${values.join(', ')}) AS listed(${names}) WHERE "table_name" IS NOT NULL)`;
}
