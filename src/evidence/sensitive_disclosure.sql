-- Operations within the period that touched classified data which was left in the clear, and returned rows or may have:
-- because policy exempts that identity for that class (`exempt`), or although no policy does and no mask was recorded.
WITH period AS (
  SELECT *
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < TIMESTAMP_ADD(@to, INTERVAL 1 DAY)
),
disclosures AS (
  SELECT event_id, class, class IN UNNEST(decision.unmask) AS exempt
  FROM period
  CROSS JOIN UNNEST(classes) AS class
  WHERE phase = 'intent' AND time < @to
    AND (class IN UNNEST(decision.unmask) OR (verb = 'read' AND ARRAY_LENGTH(masks) = 0))
),
disclosed AS (
  SELECT event_id, STRING_AGG(DISTINCT class, ', ' ORDER BY class) AS classes, LOGICAL_AND(exempt) AS exempt
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
  disclosed.exempt AS exempt,
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
