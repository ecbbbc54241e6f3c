import { z } from 'zod';
import type { Parser } from '../language/parser.ts';
import { type Catalog, type ExtensionFacts, nameOf, type View } from './catalog.ts';
import { catalogSql } from './catalog-sql.ts';

/** Answers a query with its rows as objects, some at a time. */
export type Fetch = (sql: string) => AsyncIterable<unknown[]>;

const number = z.coerce.number().int();
const column = z.object({
  name: z.string(),
  number,
  type: number,
  generated: z.boolean(),
  hasDefault: z.boolean(),
  inline: z.boolean(),
});

const rows = {
  relations: z.object({
    oid: number,
    schema: z.string(),
    name: z.string(),
    kind: z.enum(['r', 'p', 'v', 'm', 'f', 'S']),
    rules: z.boolean(),
    columns: z.array(column),
  }),
  fingerprints: z.object({ relation: number, fingerprint: z.string(), writeFingerprint: z.string() }),
  types: z.object({
    oid: number,
    schema: z.string(),
    name: z.string(),
    kind: z.string(),
    category: z.string(),
    base: number,
    element: number,
    extension: z.boolean(),
    userCast: z.boolean(),
  }),
  functions: z.object({ name: z.string(), stable: z.boolean(), builtIn: z.boolean(), returnsSet: z.boolean() }),
  elsewhere: z.object({
    schema: z.string(),
    name: z.string(),
    extension: z.string().nullable(),
    plain: z.boolean(),
    stable: z.boolean(),
  }),
  inheritance: z.object({ child: number, parent: number }),
  foreignKeys: z.object({
    child: number,
    parent: number,
    childColumns: z.array(number),
    parentColumns: z.array(number),
    onDelete: z.string(),
    onUpdate: z.string(),
  }),
  uniques: z.object({ relation: number, columns: z.array(number), plain: z.boolean(), primary: z.boolean() }),
  indexes: z.object({ relation: number, columns: z.array(number) }),
  partitionKeys: z.object({ relation: number, columns: z.array(number) }),
  checks: z.object({ relation: number, columns: z.array(number), validated: z.boolean() }),
  generated: z.object({ relation: number, column: number, source: number }),
  views: z.object({ oid: number, definition: z.string(), reads: z.array(number), userCode: z.boolean() }),
  userCode: z.object({ relation: number }),
  rowSecurity: z.object({ relation: number, column: number }),
  readable: z.object({ relation: number, columns: z.array(number) }),
};

/** Of what no row speaks of, and of the system's own relations, which do not change. */
const blank = { fingerprint: '0:0', writeFingerprint: '0:0' };

/**
 * Reads the whole catalog; the caller sees to it that all questions are answered from one snapshot. However many relations
 * there are, nothing else waits for long: rows are taken in as they come.
 */
export async function readCatalog(fetch: Fetch, database: string, parser: Parser): Promise<Catalog> {
  const read = async <Row>(schema: z.ZodType<Row>, sql: string): Promise<Row[]> => {
    const found: Row[] = [];
    for await (const some of fetch(sql)) for (const row of some) found.push(schema.parse(row));
    return found;
  };

  const found = await read(rows.relations, catalogSql.relations);
  const prints = new Map(
    (await read(rows.fingerprints, catalogSql.fingerprints)).map(({ relation, ...print }) => [relation, print]),
  );
  const relations = found.map((relation) => ({ ...relation, ...(prints.get(relation.oid) ?? blank) }));
  const types = await read(rows.types, catalogSql.types);
  const functions = await read(rows.functions, catalogSql.functions);
  const views = await Promise.all(
    (await read(rows.views, catalogSql.views)).map(async ({ definition, ...view }): Promise<View> => {
      const parsed = await parser.parse(definition).catch(() => undefined);
      return { ...view, query: parsed?.statement };
    }),
  );
  return {
    database,
    whole: prints.get(0) ?? blank,
    relations: new Map(relations.map((relation) => [nameOf(relation), relation])),
    byOid: new Map(relations.map((relation) => [relation.oid, relation])),
    types: new Map(types.map((type) => [type.oid, type])),
    typesByName: new Map(types.map((type) => [`${type.schema}.${type.name}`, type])),
    functions: new Map(functions.map((facts) => [facts.name, facts])),
    elsewhere: bySchema(await read(rows.elsewhere, catalogSql.elsewhere)),
    views: new Map(views.map((view) => [view.oid, view])),
    inheritance: await read(rows.inheritance, catalogSql.inheritance),
    foreignKeys: await read(rows.foreignKeys, catalogSql.foreignKeys),
    uniques: await read(rows.uniques, catalogSql.uniques),
    indexes: await read(rows.indexes, catalogSql.indexes),
    partitionKeys: await read(rows.partitionKeys, catalogSql.partitionKeys),
    checks: await read(rows.checks, catalogSql.checks),
    generated: await read(rows.generated, catalogSql.generated),
    userCode: new Set((await read(rows.userCode, catalogSql.userCode)).map(({ relation }) => relation)),
    rowSecurity: await read(rows.rowSecurity, catalogSql.rowSecurity),
    readable: new Map(
      (await read(rows.readable, catalogSql.readable)).map(({ relation, columns }) => [relation, new Set(columns)]),
    ),
  };
}

function bySchema(functions: readonly z.infer<typeof rows.elsewhere>[]): Catalog['elsewhere'] {
  const schemas = new Map<string, Map<string, ExtensionFacts>>();
  for (const { schema, name, extension, plain, stable } of functions) {
    const known = schemas.get(schema) ?? new Map<string, ExtensionFacts>();
    schemas.set(schema, known.set(name, { extension: extension ?? undefined, plain, stable }));
  }
  return schemas;
}
