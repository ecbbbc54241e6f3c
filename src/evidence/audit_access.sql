-- Who read or changed the audit tables within the period, by Cloud Audit Logs, and who read evidence, sessions or recordings
-- at the console.
-- `changed` is for what is no reading: no service may change a row or a table of the trail, so each wants an explanation.
WITH listed AS (
  SELECT
    time AS happened_at, 'bigquery' AS through, IFNULL(principal, '') AS principal, IFNULL(action, '') AS action, resource, detail, record_id,
    NOT STARTS_WITH(LOWER(IFNULL(action, '')), 'read') AS changed
  FROM `sallyport_evidence.target_records`
  WHERE time >= @from AND time < @to AND source = 'audit_table'
  UNION ALL
  SELECT
    time, 'console', principal.member, type, IFNULL(JSON_VALUE(note, '$.name'), JSON_VALUE(note, '$.read')), note, event_id, FALSE
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < @to
    AND (type = 'evidence_exported' OR (type = 'console_access' AND JSON_VALUE(note, '$.read') IS NOT NULL))
)
SELECT happened_at, through, principal, action, resource, changed, detail, record_id
FROM listed
ORDER BY happened_at, record_id
