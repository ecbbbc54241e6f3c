-- What was asked for within the period, run or not, with how it ended. An outcome may come after the period's end.
WITH period AS (
  SELECT *
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < TIMESTAMP_ADD(@to, INTERVAL 1 DAY)
),
outcomes AS (
  SELECT event_id, time, type, result, masks, credential
  FROM period
  WHERE phase = 'outcome'
)
SELECT
  asked.time AS asked_at,
  asked.event_id AS event_id,
  asked.operation AS operation,
  asked.session AS session,
  asked.principal.member AS principal,
  asked.principal.kind AS principal_kind,
  asked.agent.name AS agent,
  asked.agent.attested AS agent_attested,
  asked.connection AS connection,
  asked.verb AS verb,
  asked.resources AS resources,
  asked.statement AS statement,
  asked.statement_sha256 AS statement_sha256,
  asked.decision.effect AS decision,
  asked.decision.policies AS policies,
  asked.decision.policy_version AS policy_version,
  asked.approval.id AS approval,
  IF(asked.phase = 'intent', IFNULL(ended.type, 'running'), asked.type) AS outcome,
  IFNULL(ended.result.error_code, asked.result.error_code) AS error_code,
  IFNULL(asked.note, '') AS reason,
  ended.time AS ended_at,
  ended.result.rows AS rows_returned,
  ended.result.affected AS rows_affected,
  ARRAY_LENGTH(ended.masks) AS columns_masked,
  asked.protection AS protection,
  ended.credential.version AS credential,
  asked.occurrences AS occurrences,
  asked.chain AS chain,
  asked.seq AS seq
FROM period AS asked
LEFT JOIN outcomes AS ended ON ended.event_id = asked.event_id AND asked.phase = 'intent'
WHERE asked.time < @to
  AND (asked.phase = 'intent' OR asked.type IN ('refused', 'denied', 'simulated', 'held', 'expired', 'break_glass'))
ORDER BY asked_at, chain, seq
