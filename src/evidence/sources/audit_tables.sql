-- Who read or changed the audit dataset (BigQueryAuditMetadata). What of a record's metadata says what was done: its first key.
WITH records AS (
  SELECT
    timestamp AS time, insertId AS record_id,
    protopayload_auditlog.authenticationInfo.principalEmail AS principal,
    protopayload_auditlog.resourceName AS resource,
    protopayload_auditlog.metadataJson AS metadata
  FROM `sallyport_logs.cloudaudit_googleapis_com_data_access`
  WHERE timestamp >= @from AND timestamp < @to AND protopayload_auditlog.serviceName = 'bigquery.googleapis.com'
    AND STRPOS(protopayload_auditlog.resourceName, '/datasets/sallyport_audit') > 0
  UNION ALL
  SELECT
    timestamp, insertId, protopayload_auditlog.authenticationInfo.principalEmail, protopayload_auditlog.resourceName,
    protopayload_auditlog.metadataJson
  FROM `sallyport_logs.cloudaudit_googleapis_com_activity`
  WHERE timestamp >= @from AND timestamp < @to AND protopayload_auditlog.serviceName = 'bigquery.googleapis.com'
    AND STRPOS(protopayload_auditlog.resourceName, '/datasets/sallyport_audit') > 0
)
SELECT
  time,
  'audit_table' AS source,
  CAST(NULL AS STRING) AS connection,
  principal,
  CAST(NULL AS STRING) AS operation,
  record_id,
  resource,
  IF(JSON_QUERY(metadata, '$.tableDataRead') IS NOT NULL, 'read', REGEXP_EXTRACT(metadata, r'"((?:table|dataset|routine)\w+)"\s*:')) AS action,
  metadata AS detail
FROM records
