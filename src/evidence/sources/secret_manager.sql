-- Who read which version of a secret, and when versions were made. Reading is in the data access log, making in the activity log.
WITH calls AS (
  SELECT
    timestamp AS time, insertId AS record_id,
    protopayload_auditlog.authenticationInfo.principalEmail AS principal,
    protopayload_auditlog.methodName AS method,
    protopayload_auditlog.resourceName AS resource
  FROM `sallyport_logs.cloudaudit_googleapis_com_data_access`
  WHERE timestamp >= @from AND timestamp < @to AND protopayload_auditlog.serviceName = 'secretmanager.googleapis.com'
  UNION ALL
  SELECT
    timestamp, insertId, protopayload_auditlog.authenticationInfo.principalEmail, protopayload_auditlog.methodName,
    IFNULL(JSON_VALUE(protopayload_auditlog.responseJson, '$.name'), protopayload_auditlog.resourceName)
  FROM `sallyport_logs.cloudaudit_googleapis_com_activity`
  WHERE timestamp >= @from AND timestamp < @to AND protopayload_auditlog.serviceName = 'secretmanager.googleapis.com'
)
SELECT
  time,
  'secret_manager' AS source,
  CAST(NULL AS STRING) AS connection,
  principal,
  CAST(NULL AS STRING) AS operation,
  record_id,
  resource,
  REGEXP_EXTRACT(method, r'([^.]+)$') AS action,
  method AS detail
FROM calls
WHERE REGEXP_CONTAINS(method, r'\.(AccessSecretVersion|AddSecretVersion|DestroySecretVersion|DisableSecretVersion|EnableSecretVersion)$')
