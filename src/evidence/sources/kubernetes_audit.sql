-- Requests that a GKE cluster's API server answered. `operation.id` is Kubernetes' own audit id.
WITH requests AS (
  SELECT
    timestamp AS time,
    IFNULL(operation.id, insertId) AS record_id,
    protopayload_auditlog.authenticationInfo.principalEmail AS principal,
    protopayload_auditlog.requestMetadata.callerSuppliedUserAgent AS user_agent,
    protopayload_auditlog.methodName AS method,
    protopayload_auditlog.resourceName AS resource
  FROM `sallyport_logs.cloudaudit_googleapis_com_activity`
  WHERE timestamp >= @from AND timestamp < @to AND protopayload_auditlog.serviceName = 'k8s.io'
  UNION ALL
  SELECT
    timestamp, IFNULL(operation.id, insertId), protopayload_auditlog.authenticationInfo.principalEmail,
    protopayload_auditlog.requestMetadata.callerSuppliedUserAgent, protopayload_auditlog.methodName, protopayload_auditlog.resourceName
  FROM `sallyport_logs.cloudaudit_googleapis_com_data_access`
  WHERE timestamp >= @from AND timestamp < @to AND protopayload_auditlog.serviceName = 'k8s.io'
)
SELECT
  time,
  'kubernetes_audit' AS source,
  @connection AS connection,
  principal,
  REGEXP_EXTRACT(user_agent, r'\bsallyport (op_\w+)$') AS operation,
  record_id,
  resource,
  REGEXP_EXTRACT(method, r'([^.]+)$') AS action,
  method AS detail
FROM requests
