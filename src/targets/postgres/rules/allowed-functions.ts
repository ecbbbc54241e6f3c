import { insteadOfFunction } from '../advice.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { type Fields, fieldsOf, nodesOf, ofType, textOf } from '../language/syntax.ts';
import { Refusal } from '../refusal.ts';

/**
 * R6: functions of `pg_catalog` that were read one by one: they compute from their arguments alone, or tell of the catalog
 * nothing that depends on rows. Volatility is no label for safety (`query_to_xml` is stable), so the list is by name, and
 * every overload the server has must have come with it and be immutable or stable.
 */
const names = new Set(
  `
  abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt ceil ceiling cos cosd cosh cot cotd degrees div erf erfc exp
  factorial floor gamma gcd lcm lgamma ln log log10 min_scale mod pi power pow radians round scale sign sin sind sinh sqrt tan tand tanh
  trim_scale trunc width_bucket numeric int2 int4 int8 float4 float8 bool money

  ascii bit_count bit_length btrim casefold char_length character_length chr concat concat_ws convert convert_from convert_to decode encode
  format get_bit get_byte initcap is_normalized left length like like_escape lower lpad ltrim md5 normalize notlike octet_length overlay
  parse_ident position quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match regexp_matches
  regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right rpad rtrim set_bit set_byte sha224
  sha256 sha384 sha512 crc32 crc32c similar_escape similar_to_escape split_part starts_with string_to_array string_to_table strpos substr
  substring text textlen to_ascii to_bin to_hex to_oct translate unicode_assigned unistr upper varchar bpchar name char bytea

  age clock_timestamp date date_add date_bin date_part date_subtract date_trunc extract interval isfinite justify_days justify_hours
  justify_interval make_date make_interval make_time make_timestamp make_timestamptz now overlaps statement_timestamp time timeofday
  timestamp timestamptz timetz timezone to_char to_date to_number to_timestamp transaction_timestamp

  any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp cume_dist dense_rank every first_value lag
  last_value lead max min mode nth_value ntile percent_rank percentile_cont percentile_disc range_agg range_intersect_agg rank regr_avgx
  regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy row_number stddev stddev_pop stddev_samp string_agg sum
  var_pop var_samp variance

  array_sample array_shuffle array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions array_prepend
  array_remove array_replace array_reverse array_sort array_to_json array_to_string array_upper cardinality generate_series
  generate_subscripts trim_array unnest num_nonnulls num_nulls

  json_agg json_agg_strict json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each
  json_each_text json_extract_path json_extract_path_text json_object json_object_agg json_object_agg_strict json_object_agg_unique
  json_object_agg_unique_strict json_object_keys json_strip_nulls json_to_record json_to_recordset json_typeof jsonb_agg jsonb_agg_strict
  jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_concat jsonb_contains
  jsonb_delete jsonb_delete_path jsonb_each jsonb_each_text jsonb_exists jsonb_exists_all jsonb_exists_any jsonb_extract_path
  jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique
  jsonb_object_agg_unique_strict jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz
  jsonb_path_query jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz
  jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof row_to_json to_json to_jsonb

  daterange int4range int8range isempty lower_inc lower_inf multirange numrange range_merge tsrange tstzrange upper_inc upper_inf
  datemultirange int4multirange int8multirange nummultirange tsmultirange tstzmultirange

  abbrev broadcast family host hostmask inet_merge inet_same_family masklen netmask network set_masklen macaddr8_set7bit
  area bound_box box ishorizontal isparallel isperp isvertical center circle diagonal diameter height isclosed isopen line lseg npoints path pclose point polygon popen radius slope width

  get_current_ts_config ts_lexize tsquery_phrase array_to_tsvector json_to_tsvector jsonb_to_tsvector numnode phraseto_tsquery plainto_tsquery querytree setweight strip to_tsquery
  to_tsvector ts_delete ts_filter ts_headline ts_rank ts_rank_cd tsvector_to_array websearch_to_tsquery

  xml xml_is_well_formed xml_is_well_formed_content xml_is_well_formed_document xmlagg xmlcomment xmlexists xmltext xpath xpath_exists

  gen_random_uuid hashint4 hashint8 hashtext hashtextextended random random_normal uuid_extract_timestamp uuid_extract_version uuidv4 uuidv7

  col_description current_database current_schema current_schemas current_user enum_first enum_last enum_range format_type
  has_any_column_privilege has_column_privilege has_database_privilege has_schema_privilege has_table_privilege obj_description
  pg_basetype pg_collation_for pg_encoding_to_char pg_get_constraintdef pg_get_expr pg_get_indexdef pg_get_partkeydef
  pg_get_serial_sequence pg_get_triggerdef pg_get_userbyid pg_has_role pg_size_bytes pg_size_pretty pg_table_is_visible
  pg_char_to_encoding pg_collation_is_visible pg_conversion_is_visible pg_function_is_visible pg_get_function_arguments pg_get_function_identity_arguments
  pg_get_function_result pg_opfamily_is_visible pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible
  pg_get_statisticsobjdef_columns pg_get_viewdef pg_opclass_is_visible pg_partition_ancestors pg_partition_root pg_partition_tree pg_operator_is_visible pg_relation_is_publishable
  pg_statistics_obj_is_visible pg_type_is_visible pg_typeof oid regclass cidr session_user shobj_description to_regclass to_regnamespace to_regrole to_regtype version
  `
    .trim()
    .split(/\s+/),
);

/** Volatile, and yet without effect and without knowledge of any row. */
const harmlessVolatile = new Set([
  'clock_timestamp',
  'array_sample',
  'array_shuffle',
  'gen_random_uuid',
  'pg_partition_ancestors',
  'pg_partition_tree',
  'random',
  'random_normal',
  'timeofday',
  'uuidv4',
  'uuidv7',
]);

/** Numbers the elements of an array; drivers ask for the columns of keys by it. */
const expandArray = 'information_schema._pg_expandarray';

/** Settings of the server that clients ask for before all else, and that tell of its kind alone. */
const openSettings = new Set(
  `block_size client_encoding datestyle default_table_access_method default_transaction_isolation integer_datetimes intervalstyle
  lc_collate lc_ctype max_identifier_length server_encoding server_version server_version_num standard_conforming_strings timezone
  transaction_isolation transaction_read_only`.split(/\s+/),
);

/** `current_setting('server_version')`: the name must stand there, so that it is known which setting is asked for. */
export function asksOpenSetting(path: readonly string[], { args }: Fields, catalog: Catalog): boolean {
  const ours =
    path.at(-1) === 'current_setting' && (path.length === 1 || (path.length === 2 && path[0] === 'pg_catalog'));
  const [setting, ...more] = nodesOf(args);
  const name = textOf(fieldsOf(ofType(setting, 'A_Const')?.['sval'])['sval']);
  const plain = more.every((arg) => ofType(arg, 'A_Const') !== undefined);
  return (
    ours &&
    plain &&
    catalog.functions.get('current_setting')?.builtIn === true &&
    openSettings.has(name?.toLowerCase() ?? '')
  );
}

/** Whether a function of `pg_catalog` is on the list. */
export function mayCall(name: string, catalog: Catalog): boolean {
  const facts = catalog.functions.get(name);
  if (facts === undefined || !facts.builtIn) return false;
  return names.has(name) && (facts.stable || harmlessVolatile.has(name));
}

/** Refuses a call of anything not on the list. `path` is the name as written. */
export function checkFunction(path: readonly string[], catalog: Catalog, at?: Fields): void {
  const name = path.at(-1) ?? '';
  const schema = path.length > 1 ? path.slice(0, -1).join('.') : 'pg_catalog';
  if (schema === 'pg_catalog' && mayCall(name, catalog)) return;
  if (path.join('.') === expandArray && catalog.functions.get(expandArray)?.builtIn === true) return;
  throw new Refusal(
    'R6',
    `The function ${path.join('.')} is not among those known to be safe; ${insteadOfFunction(name, catalog.functions.has(name))}`,
    at,
  );
}

/**
 * R7: `x.name` calls the function `name` where x has no such column, without any call in the tree. The session looks for
 * functions in `pg_catalog` only, so a name that no built-in function has is harmless.
 */
export function checkAttribute(name: string, catalog: Catalog, at?: Fields): void {
  if (name === '*' || !catalog.functions.has(name) || mayCall(name, catalog)) return;
  throw new Refusal(
    'R7',
    `.${name} could call the function of that name; give the column another name in a subquery`,
    at,
  );
}

/** Whether a call is made even where nobody looks at what it gives: it makes rows, or is volatile. */
export function isAlwaysRun(name: string, catalog: Catalog): boolean {
  const facts = catalog.functions.get(name);
  return facts === undefined || facts.returnsSet || !facts.stable;
}
