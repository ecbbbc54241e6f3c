-- Operations that ran under an approval within the period, each compared with the events in which humans gave it.
-- An approval may be given at most 31 days before it is used.
WITH events AS (
  SELECT *
  FROM `sallyport_evidence.events`
  WHERE time >= TIMESTAMP_SUB(@from, INTERVAL 31 DAY) AND time < TIMESTAMP_ADD(@to, INTERVAL 1 DAY)
),
runs AS (
  SELECT event_id, time, operation, principal.member AS requester, agent.reason AS agent_reason, connection, verb,
    statement, statement_sha256, approval.id AS approval_id, approval.digest AS digest, approval.requested_at AS requested_at
  FROM events
  WHERE phase = 'intent' AND approval IS NOT NULL AND time >= @from AND time < @to
),
grants AS (
  SELECT time, principal.member AS approver, principal.kind AS kind, approval.id AS approval_id, approval.digest AS digest, approval.reason AS reason
  FROM events
  WHERE type = 'approved'
),
expiries AS (
  SELECT approval.id AS approval_id, MIN(time) AS expired_at
  FROM events
  WHERE type = 'expired'
  GROUP BY approval_id
),
outcomes AS (
  SELECT event_id, type
  FROM events
  WHERE phase = 'outcome'
),
uses AS (
  SELECT approval.id AS approval_id, COUNT(*) AS times
  FROM events
  WHERE phase = 'intent' AND approval IS NOT NULL
  GROUP BY approval_id
),
compared AS (
  SELECT
    runs.event_id AS event_id,
    COUNT(grants.approver) AS granted,
    STRING_AGG(DISTINCT grants.approver, ', ' ORDER BY grants.approver) AS approvers,
    STRING_AGG(DISTINCT grants.reason, '; ' ORDER BY grants.reason) AS reasons,
    MAX(grants.time) AS approved_at,
    COUNTIF(grants.approver = runs.requester) AS by_requester,
    COUNTIF(grants.kind != 'human') AS by_machines,
    COUNTIF(grants.time >= runs.time) AS afterwards,
    COUNTIF(grants.digest != runs.digest) AS of_another_digest
  FROM runs
  LEFT JOIN grants ON grants.approval_id = runs.approval_id
  GROUP BY runs.event_id
)
SELECT
  runs.time AS ran_at,
  runs.operation AS operation,
  runs.approval_id AS approval,
  runs.requester AS requester,
  compared.approvers AS approvers,
  runs.requested_at AS requested_at,
  compared.approved_at AS approved_at,
  runs.agent_reason AS agent_reason,
  compared.reasons AS approver_reason,
  runs.connection AS connection,
  runs.verb AS verb,
  runs.statement AS statement,
  runs.statement_sha256 AS statement_sha256,
  runs.digest AS digest,
  outcomes.type AS outcome,
  compared.granted > 0 AND compared.by_requester = 0 AS approver_is_not_requester,
  compared.granted > 0 AND compared.by_machines = 0 AS approver_is_human,
  compared.granted > 0 AND compared.afterwards = 0 AS approved_before_run,
  compared.granted > 0 AND compared.of_another_digest = 0 AS same_digest,
  uses.times = 1 AS used_once,
  expiries.expired_at IS NULL OR runs.time < expiries.expired_at AS not_expired,
  compared.granted > 0 AND compared.by_requester = 0 AND compared.by_machines = 0 AND compared.afterwards = 0
    AND compared.of_another_digest = 0 AND uses.times = 1 AND (expiries.expired_at IS NULL OR runs.time < expiries.expired_at) AS in_order
FROM runs
JOIN compared ON compared.event_id = runs.event_id
JOIN uses ON uses.approval_id = runs.approval_id
LEFT JOIN outcomes ON outcomes.event_id = runs.event_id
LEFT JOIN expiries ON expiries.approval_id = runs.approval_id
ORDER BY ran_at, operation
