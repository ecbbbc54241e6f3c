/** What to write instead of what is refused. Words only: nothing is allowed or refused by what stands here. */

type Advice = Readonly<Record<string, string>>;

const schemaEndpoint = 'GET /v1/connections/{connection}/schema';

const functions: Advice = {
  pg_sleep: 'leave the wait out and ask again later',
  pg_sleep_for: 'leave the wait out and ask again later',
  pg_sleep_until: 'leave the wait out and ask again later',
  currval: 'take the number from RETURNING of the INSERT',
  lastval: 'take the number from RETURNING of the INSERT',
  nextval: 'let the column’s default give the number, and take it from RETURNING',
  setval: 'ask for a change of the sequence as DDL',
  set_config: 'sessions are pinned: write what you need into the statement (AT TIME ZONE, COLLATE, to_char)',
  current_setting:
    'name server_version or the like in it; sessions are pinned to UTC and ISO dates, so write what you need into the statement',
  setseed: 'order by md5(id::text) for an order that stays the same',
  pg_relation_size: `${schemaEndpoint} tells about how many rows there are`,
  pg_table_size: `${schemaEndpoint} tells about how many rows there are`,
  pg_indexes_size: `${schemaEndpoint} tells about how many rows there are`,
  pg_total_relation_size: `${schemaEndpoint} tells about how many rows there are`,
  pg_database_size: `${schemaEndpoint} tells about how many rows there are`,
  pg_column_size: 'use octet_length(x::text)',
  pg_get_viewdef: `name the base tables; ${schemaEndpoint} lists columns and classes of views`,
  pg_get_functiondef: 'write out what the function computes',
  pg_get_ruledef: 'use pg_get_viewdef(oid) for a view',
  query_to_xml: 'write xmlagg(xmlforest(…)) over the query',
  table_to_xml: 'write xmlagg(xmlforest(…)) over the table',
  query_to_json: 'write json_agg(row_to_json(q)) over a subquery q',
  ts_stat: 'count words with unnest(to_tsvector(…)) and GROUP BY',
  ts_rewrite: 'write the query with to_tsquery, && and ||',
  crosstab: 'write one aggregate with FILTER (WHERE …) for each column',
  connectby: 'write WITH RECURSIVE',
  dblink: 'ask for a connection of its own to the other database',
  jsonb_populate_record: 'use jsonb_to_record(x) AS r(a int, b text)',
  jsonb_populate_recordset: 'use jsonb_to_recordset(x) AS r(a int, b text)',
  json_populate_record: 'use json_to_record(x) AS r(a int, b text)',
  json_populate_recordset: 'use json_to_recordset(x) AS r(a int, b text)',
  inet_client_addr: 'leave it out: it is the address of the gateway',
  pg_backend_pid: 'leave it out: sessions are the gateway’s own',
  txid_current: 'leave it out: each statement is a transaction of its own',
  pg_current_xact_id: 'leave it out: each statement is a transaction of its own',
  pg_read_file: 'there is no way to the files of the server',
  lo_get: 'large objects are not read; keep documents in a bytea column',
  substr_count: 'use regexp_count(x, y)',
  instr: 'use strpos(x, y)',
  ifnull: 'use coalesce(x, y)',
  isnull: 'use coalesce(x, y)',
  nvl: 'use coalesce(x, y)',
  iif: 'use CASE WHEN … THEN … ELSE … END',
  if: 'use CASE WHEN … THEN … ELSE … END',
  len: 'use length(x)',
  charindex: 'use strpos(x, y)',
  group_concat: 'use string_agg(x, $$,$$)',
  listagg: 'use string_agg(x, $$,$$)',
  strftime: 'use to_char(x, $$YYYY-MM-DD$$)',
  date_format: 'use to_char(x, $$YYYY-MM-DD$$)',
  datediff: 'subtract: date − date gives days',
  dateadd: 'add an interval: x + interval $$1 day$$',
  getdate: 'use now()',
  sysdate: 'use now()',
  curdate: 'use current_date',
  year: 'use extract(year FROM x)',
  month: 'use extract(month FROM x)',
  day: 'use extract(day FROM x)',
  median: 'use percentile_cont(0.5) WITHIN GROUP (ORDER BY x)',
  to_varchar: 'use x::text',
  julianday: 'subtract dates, or use extract(epoch FROM x) / 86400',
  json_extract: 'use x -> $$key$$ or x ->> $$key$$',
  uuid_generate_v4: 'use gen_random_uuid()',
  regexp_like_any: 'use x ~ ANY (array[…])',
};

/** For a function that may not be called. */
export const insteadOfFunction = (name: string, builtIn: boolean) =>
  functions[name.toLowerCase()] ??
  (builtIn
    ? 'write the query without it, or ask for what it computes as a column of a view'
    : 'compute it with functions that came with the server, or ask for what it computes as a column of a view');

/** For a relation of the system that may not be read. */
export const insteadOfCatalog = (name: string) =>
  /stat|class|size|replic|locks|activity|buffer/.test(name)
    ? `what it tells depends on rows and sessions; ${schemaEndpoint} tells of tables, columns, keys and about how many rows`
    : /settings|config|hba|file|roles|authid|user|shadow|group/.test(name)
      ? 'settings, roles and files of the server are not shown to agents'
      : `${schemaEndpoint} tells of tables, columns, keys and comments`;

/** For a relation that is not there. */
export const insteadOfUnknown = `${schemaEndpoint} lists those that are; names with capitals need "quotes"`;

const parts: Advice = {
  'COPY STMT': 'send a SELECT: rows come as JSON or NDJSON',
  'MERGE STMT': 'write INSERT … ON CONFLICT, UPDATE or DELETE',
  'CURRENT OF EXPR': 'name the rows by a condition',
  'RANGE TABLE SAMPLE': 'take rows by a condition on a key, as in WHERE id % 100 = 0',
  'JSON FUNC EXPR': 'use ->, ->> and jsonb_path_query',
  'JSON TABLE': 'use jsonb_to_recordset and jsonb_array_elements',
  'XML EXPR': 'use xmlelement and xmlforest',
  'TYPE NAME': 'name a built-in type',
};

/** For a part of a statement that is not known to be safe, as its message names it. */
export const insteadOfPart = (part: string) =>
  parts[part] ?? 'write the same with plain SELECT, JOIN, WHERE and built-in functions';
