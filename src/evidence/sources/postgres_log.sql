-- PostgreSQL's own log of statements. What only begins or ends a transaction, or sets something within it, is left out: it
-- touches nothing.
WITH lines AS (
  SELECT
    timestamp AS time,
    insertId AS record_id,
    REGEXP_EXTRACT(textPayload, r'\bdb=([^, ]*)') AS database,
    REGEXP_EXTRACT(textPayload, r',user=([^, ]*)') AS user,
    REGEXP_EXTRACT(textPayload, r',app=([^,]*)') AS application,
    REGEXP_EXTRACT(textPayload, r'LOG:  (?:statement|execute [^:]*): ([\s\S]*)$') AS statement
  FROM `sallyport_logs.cloudsql_googleapis_com_postgres_log`
  WHERE timestamp >= @from AND timestamp < @to
),
statements AS (
  SELECT
    time, record_id, database, user, application, statement,
    UPPER(REGEXP_EXTRACT(statement, r'^\s*(?:/\*[^*]*\*/\s*)*([A-Za-z]+)')) AS first_word
  FROM lines
  WHERE statement IS NOT NULL
    AND NOT REGEXP_CONTAINS(statement, r'^(?:(?:BEGIN|COMMIT|ROLLBACK|SET (?:LOCAL|CONSTRAINTS)|SAVEPOINT|RELEASE)[^;()]*(?:;\s*|$))+$')
)
SELECT
  time,
  'postgres_log' AS source,
  @connection AS connection,
  user AS principal,
  IFNULL(REGEXP_EXTRACT(application, r'^sallyport (op_\w+)$'), REGEXP_EXTRACT(statement, r'^/\* sallyport (op_\w+) \*/')) AS operation,
  record_id,
  database AS resource,
  CASE
    WHEN first_word = 'EXPLAIN' AND REGEXP_CONTAINS(UPPER(statement), r'\bANALYZE\b') THEN 'EXPLAIN ANALYZE'
    WHEN REGEXP_CONTAINS(statement, r';\s*\S') THEN CONCAT(IFNULL(first_word, ''), ' and more')
    WHEN first_word = 'WITH' AND REGEXP_CONTAINS(UPPER(statement), r'\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\b') THEN 'WITH and a change'
    ELSE first_word
  END AS action,
  statement AS detail
FROM statements
