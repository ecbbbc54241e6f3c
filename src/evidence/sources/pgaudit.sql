-- pgAudit's records of Cloud SQL for PostgreSQL (google.cloud.sql.audit.v1.PgAuditEntry).
WITH entries AS (
  SELECT
    timestamp AS time,
    insertId AS record_id,
    protopayload_auditlog.requestJson AS entry
  FROM `sallyport_logs.cloudaudit_googleapis_com_data_access`
  WHERE timestamp >= @from AND timestamp < @to
    AND protopayload_auditlog.serviceName = 'cloudsql.googleapis.com'
    AND protopayload_auditlog.methodName = 'cloudsql.instances.query'
)
SELECT
  time,
  'pgaudit' AS source,
  @connection AS connection,
  JSON_VALUE(entry, '$.user') AS principal,
  REGEXP_EXTRACT(JSON_VALUE(entry, '$.statement'), r'^/\* sallyport (op_\w+) \*/') AS operation,
  record_id,
  CONCAT(IFNULL(JSON_VALUE(entry, '$.database'), ''), '/', IFNULL(JSON_VALUE(entry, '$.object'), '')) AS resource,
  JSON_VALUE(entry, '$.command') AS action,
  JSON_VALUE(entry, '$.statement') AS detail
FROM entries
WHERE JSON_VALUE(entry, '$.chunkIndex') IS NULL OR JSON_VALUE(entry, '$.chunkIndex') IN ('0', '1')
