import type { Catalog, ExtensionFacts } from '../catalog/catalog.ts';
import type { Fields } from '../language/syntax.ts';
import { Refusal } from '../refusal.ts';

/**
 * R6 for extensions: functions of PostgreSQL's own contrib modules that were read one by one, by the extension they belong to. Each
 * computes from its arguments alone (`unaccent` and `metaphone` from the module's rules besides). Left out are those that
 * run SQL (`crosstab`), reach elsewhere (`dblink`), tell of the host (`uuid_generate_v1`) or try passwords (`crypt`).
 */
const audited: Readonly<Record<string, string>> = {
  pg_trgm: 'similarity show_trgm word_similarity strict_word_similarity',
  fuzzystrmatch:
    'levenshtein levenshtein_less_equal soundex text_soundex difference metaphone dmetaphone dmetaphone_alt daitch_mokotoff',
  unaccent: 'unaccent',
  pgcrypto: 'digest hmac armor dearmor gen_random_bytes gen_random_uuid',
  'uuid-ossp':
    'uuid_generate_v3 uuid_generate_v4 uuid_generate_v5 uuid_nil uuid_ns_dns uuid_ns_url uuid_ns_oid uuid_ns_x500',
  hstore:
    'akeys avals skeys svals each exist defined isexists isdefined exists_any exists_all fetchval slice slice_array hs_concat hs_contains hs_contained hstore_to_json hstore_to_json_loose hstore_to_jsonb hstore_to_jsonb_loose hstore_to_array hstore_to_matrix',
  intarray: 'icount sort sort_asc sort_desc uniq idx subarray intset',
  ltree: 'subltree subpath nlevel index lca text2ltree ltree2text ltree_isparent ltree_risparent',
  cube: 'cube cube_dim cube_distance cube_ll_coord cube_ur_coord cube_is_point cube_enlarge cube_subset cube_union cube_inter cube_size',
  earthdistance: 'earth earth_distance earth_box ll_to_earth latitude longitude gc_to_sec sec_to_gc',
};

const names: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(audited).map(([extension, words]) => [extension, new Set(words.split(' '))]),
);

/** Volatile, and yet without effect and without knowledge of any row. */
const harmlessVolatile = new Set(['gen_random_bytes', 'gen_random_uuid', 'uuid_generate_v4']);

/**
 * The schema of an audited function, where a name as written can mean nothing else: every function of that name, in every schema it
 * is looked for in, belongs to that extension.
 */
export function extensionSchema(
  path: readonly string[],
  catalog: Catalog,
  searchPath: readonly string[],
): string | undefined {
  const name = path.at(-1) ?? '';
  if (path.length > 2) return undefined;
  const schemas = path.length === 2 ? path.slice(0, 1) : searchPath;
  const found = schemas.filter((schema) => catalog.elsewhere.get(schema)?.has(name));
  const [schema] = found;
  const facts = schema === undefined ? undefined : catalog.elsewhere.get(schema)?.get(name);
  return found.length === 1 && facts !== undefined && isAudited(name, facts) ? schema : undefined;
}

const isAudited = (name: string, { extension, plain, stable }: ExtensionFacts) =>
  plain && names.get(extension ?? '')?.has(name) === true && (stable || harmlessVolatile.has(name));

/** Whether a call may be of a function that did not come with the server, and that could do anything. */
export function isVolatileElsewhere(path: readonly string[], catalog: Catalog, searchPath: readonly string[]): boolean {
  if (extensionSchema(path, catalog, searchPath) !== undefined) return false;
  const schemas = path.length === 1 ? [...catalog.elsewhere.keys()] : path.slice(-2, -1);
  return schemas.some((schema) => catalog.elsewhere.get(schema)?.get(path.at(-1) ?? '')?.stable === false);
}

/** Code of an extension is not given what stands for a classified value, be it a mask. */
export function checkExtensionCalls(calls: readonly { fields: Fields }[], speaksOfMasks: boolean): void {
  const [call] = calls;
  if (call === undefined || !speaksOfMasks) return;
  throw new Refusal(
    'R6',
    'Functions of extensions are not called beside masked columns; leave those columns out, or use built-in functions',
    call.fields,
  );
}
