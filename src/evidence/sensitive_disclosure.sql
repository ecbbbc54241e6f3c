-- Operations within the period that touched classified data which policy left in the clear for that identity, and
-- returned rows or may have. By class and resource: masked columns of the same operation are not among `disclosed`.
WITH period AS (
  SELECT *
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < TIMESTAMP_ADD(@to, INTERVAL 1 DAY)
),
disclosures AS (
  SELECT
    event_id, operation, class
  FROM period
  CROSS JOIN UNNEST(classes) AS class
  WHERE phase = 'intent' AND time < @to AND class IN UNNEST(decision.unmask)
),
disclosed AS (
  SELECT event_id, STRING_AGG(DISTINCT class, ', ' ORDER BY class) AS classes
  FROM disclosures
  GROUP BY event_id
),
outcomes AS (
  SELECT event_id, type, result
  FROM period
  WHERE phase = 'outcome'
)
SELECT
  asked.time AS asked_at,
  asked.operation AS operation,
  asked.principal.member AS principal,
  asked.principal.kind AS principal_kind,
  asked.agent.name AS agent,
  asked.agent.reason AS agent_reason,
  asked.connection AS connection,
  asked.verb AS verb,
  asked.resources AS resources,
  disclosed.classes AS classes_disclosed,
  asked.decision.policies AS policies,
  asked.decision.policy_version AS policy_version,
  asked.approval.id AS approval,
  asked.approval.approvers AS approvers,
  asked.statement AS statement,
  IFNULL(ended.type, 'running') AS outcome,
  ended.result.rows AS rows_returned
FROM period AS asked
JOIN disclosed ON disclosed.event_id = asked.event_id
LEFT JOIN outcomes AS ended ON ended.event_id = asked.event_id
WHERE asked.phase = 'intent' AND IFNULL(ended.result.rows, 1) > 0
ORDER BY asked_at, operation
