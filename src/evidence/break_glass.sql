-- Operations of the period that a grant let past guards which would have asked a human: why, how long they took, and whether
-- somebody else reviewed them, by closing the alert, before the period ended. `told` is FALSE where the trail has no event of its own that
-- says so before the operation was to run.
WITH events AS (
  SELECT time, event_id, phase, type, operation, session, principal, agent, connection, verb, statement, decision, result, note, chain, seq
  FROM `sallyport_evidence.events`
  WHERE time >= TIMESTAMP_SUB(@from, INTERVAL 1 DAY) AND time < TIMESTAMP_ADD(@to, INTERVAL 1 DAY)
),
runs AS (
  SELECT *
  FROM events
  WHERE phase = 'intent' AND time >= @from AND time < @to AND ARRAY_LENGTH(decision.overridden) > 0
),
told AS (
  SELECT operation, MIN(time) AS time, MIN(JSON_VALUE(note, '$.alert')) AS alert, MIN(JSON_VALUE(note, '$.reason')) AS reason
  FROM events
  WHERE type = 'break_glass' AND operation IS NOT NULL
  GROUP BY operation
),
outcomes AS (
  SELECT event_id, MIN(time) AS time, MIN(type) AS type, MIN(result.affected) AS affected, MIN(result.rows) AS returned
  FROM events
  WHERE phase = 'outcome'
  GROUP BY event_id
),
reviews AS (
  SELECT JSON_VALUE(note, '$.alert') AS alert, time, principal.member AS member, principal.kind AS kind, JSON_VALUE(note, '$.reason') AS reason
  FROM events
  WHERE type = 'alert_closed' AND time < @to
  QUALIFY ROW_NUMBER() OVER (PARTITION BY alert ORDER BY time, event_id) = 1
)
SELECT
  runs.time AS ran_at,
  runs.operation AS operation,
  runs.session AS session,
  runs.principal.member AS principal,
  runs.connection AS connection,
  runs.verb AS verb,
  runs.statement AS statement,
  runs.decision.overridden AS guards_lifted,
  runs.decision.policies AS policies,
  IFNULL(told.reason, runs.agent.reason) AS reason,
  IFNULL(outcomes.type, 'running') AS outcome,
  outcomes.returned AS rows_returned,
  outcomes.affected AS rows_affected,
  TIMESTAMP_DIFF(outcomes.time, runs.time, MILLISECOND) AS duration_ms,
  told.time IS NOT NULL AND told.time <= runs.time AS told,
  told.alert AS alert,
  reviews.time AS reviewed_at,
  reviews.member AS reviewed_by,
  reviews.reason AS review,
  reviews.time IS NOT NULL AND reviews.kind = 'human' AND reviews.member != runs.principal.member AS reviewed_by_another_human,
  runs.event_id AS event_id,
  runs.chain AS chain,
  runs.seq AS seq
FROM runs
LEFT JOIN told ON told.operation = runs.operation
LEFT JOIN outcomes ON outcomes.event_id = runs.event_id
LEFT JOIN reviews ON reviews.alert = told.alert
ORDER BY ran_at, operation
