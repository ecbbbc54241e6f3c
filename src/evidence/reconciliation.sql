-- The targets' own records of the period, each beside the operation of the gateway that it names, and the operations that
-- no record names. What fits is counted, by source and connection; what does not stands alone:
-- `bypass` names no operation, `forged` one that the trail does not know, `elsewhere` one at another connection,
-- `not-then` one that was not running at that time, `not-to-run` a change under an operation that never was to run;
-- `no-record` is an operation that its target does not know of, `not-collected` a connection without any record to compare.
-- A minute is allowed for clocks that differ. Before an operation runs, the gateway reads the target's catalog for it.
WITH records AS (
  SELECT *, NULLIF(operation, '') AS named
  FROM `sallyport_evidence.target_records`
  WHERE time >= @from AND time < @to AND source IN ('postgres_log', 'pgaudit', 'bigquery_job', 'kubernetes_audit')
),
period AS (
  SELECT time, event_id, phase, type, operation, connection, target_kind, verb, principal, target_job
  FROM `sallyport_evidence.events`
  WHERE time >= TIMESTAMP_SUB(@from, INTERVAL 1 DAY) AND time < TIMESTAMP_ADD(@to, INTERVAL 1 DAY) AND operation IS NOT NULL
),
operations AS (
  SELECT
    operation,
    MIN(connection) AS connection,
    MIN(time) AS first_at,
    MIN(IF(phase = 'intent', time, NULL)) AS intended_at,
    MAX(IF(phase IN ('outcome', 'late'), time, NULL)) AS ended_at,
    LOGICAL_OR(phase = 'outcome' AND type = 'completed') AS completed,
    MIN(principal.member) AS principal,
    MIN(verb) AS verb
  FROM period
  WHERE connection IS NOT NULL
  GROUP BY operation
),
judged AS (
  SELECT
    records.*,
    operations.principal AS caller,
    operations.verb AS verb,
    CASE
      WHEN records.named IS NULL THEN 'bypass'
      WHEN operations.operation IS NULL THEN 'forged'
      WHEN records.connection IS NOT NULL AND records.connection != operations.connection THEN 'elsewhere'
      WHEN records.time > TIMESTAMP_ADD(IFNULL(operations.ended_at, operations.first_at), INTERVAL 1 MINUTE)
        AND NOT (operations.intended_at IS NOT NULL AND operations.ended_at IS NULL) THEN 'not-then'
      WHEN records.time < TIMESTAMP_SUB(operations.first_at, INTERVAL 5 MINUTE) THEN 'not-then'
      WHEN operations.intended_at IS NOT NULL AND records.time >= TIMESTAMP_SUB(operations.intended_at, INTERVAL 1 MINUTE) THEN 'matched'
      WHEN records.action IN ('BEGIN', 'START', 'SELECT', 'DECLARE', 'DECLARE CURSOR', 'FETCH', 'CLOSE', 'CLOSE CURSOR', 'SET', 'SHOW', 'EXPLAIN', 'WITH', 'COMMIT', 'ROLLBACK', 'get', 'list') THEN 'matched'
      ELSE 'not-to-run'
    END AS verdict
  FROM records
  LEFT JOIN operations ON operations.operation = records.named
),
collected AS (
  SELECT DISTINCT connection
  FROM records
),
seen AS (
  SELECT DISTINCT named AS operation
  FROM records
  WHERE named IS NOT NULL
),
untold AS (
  SELECT operations.*, collected.connection IS NOT NULL AS has_records
  FROM operations
  LEFT JOIN seen ON seen.operation = operations.operation
  LEFT JOIN collected ON collected.connection = operations.connection
  WHERE operations.completed AND operations.intended_at >= @from AND operations.intended_at < @to AND seen.operation IS NULL
),
rows_of AS (
  SELECT verdict, source, connection, COUNT(*) AS records, MIN(time) AS first_at, MAX(time) AS last_at, CAST(NULL AS STRING) AS principal,
    CAST(NULL AS STRING) AS operation, CAST(NULL AS STRING) AS record_id, CAST(NULL AS STRING) AS action, CAST(NULL AS STRING) AS resource, CAST(NULL AS STRING) AS detail
  FROM judged
  WHERE verdict = 'matched'
  GROUP BY verdict, source, connection
  UNION ALL
  SELECT verdict, source, connection, 1, time, time, principal, named, record_id, action, resource, detail
  FROM judged
  WHERE verdict != 'matched'
  UNION ALL
  SELECT 'no-record', CAST(NULL AS STRING), connection, 0, intended_at, ended_at, principal, operation, CAST(NULL AS STRING), verb, CAST(NULL AS STRING), CAST(NULL AS STRING)
  FROM untold
  WHERE has_records
  UNION ALL
  SELECT 'not-collected', CAST(NULL AS STRING), connection, COUNT(*), MIN(intended_at), MAX(ended_at), CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS STRING), 'operations ran here, and nothing of the target was collected'
  FROM untold
  WHERE NOT has_records
  GROUP BY connection
)
SELECT verdict, source, connection, records, first_at, last_at, principal, operation, record_id, action, resource, detail
FROM rows_of
ORDER BY verdict = 'matched', first_at, verdict, record_id, operation
