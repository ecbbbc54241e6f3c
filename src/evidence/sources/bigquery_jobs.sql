-- Jobs that BigQuery ran to their end (BigQueryAuditMetadata, jobChange).
WITH jobs AS (
  SELECT
    timestamp AS time,
    insertId AS record_id,
    protopayload_auditlog.authenticationInfo.principalEmail AS principal,
    JSON_QUERY(protopayload_auditlog.metadataJson, '$.jobChange.job') AS job
  FROM `sallyport_logs.cloudaudit_googleapis_com_data_access`
  WHERE timestamp >= @from AND timestamp < @to
    AND protopayload_auditlog.serviceName = 'bigquery.googleapis.com'
    AND JSON_VALUE(protopayload_auditlog.metadataJson, '$.jobChange.after') = 'DONE'
)
SELECT
  time,
  'bigquery_job' AS source,
  @connection AS connection,
  principal,
  JSON_VALUE(job, '$.jobConfig.labels.sallyport_operation') AS operation,
  IFNULL(JSON_VALUE(job, '$.jobName'), record_id) AS record_id,
  JSON_VALUE(job, '$.jobName') AS resource,
  IFNULL(JSON_VALUE(job, '$.jobConfig.queryConfig.statementType'), JSON_VALUE(job, '$.jobConfig.type')) AS action,
  JSON_VALUE(job, '$.jobConfig.queryConfig.query') AS detail
FROM jobs
