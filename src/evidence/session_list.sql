-- Sessions with operations within the period that match, the latest first. A session's name is chosen by its caller, so it is
-- listed once for each identity that used it. @after… is where the page before ended.
WITH told AS (
  SELECT
    session, operation, type, phase, time, connection, verb, result, recording, decision, statement,
    principal.member AS principal,
    principal.kind AS principal_kind,
    agent.name AS agent,
    IF(type = 'outcome_late', note, type) AS became
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < @to AND session IS NOT NULL AND operation IS NOT NULL AND principal IS NOT NULL
    AND (@session = '' OR session = @session)
    AND (@principal = '' OR principal.member = @principal)
    AND (@connection = '' OR connection = @connection)
    AND (@verb = '' OR verb = @verb)
),
operations AS (
  SELECT
    session, principal, operation,
    MAX(principal_kind) AS principal_kind,
    MAX(agent) AS agent,
    MAX(connection) AS connection,
    MAX(verb) AS verb,
    MIN(time) AS first_at,
    MAX(time) AS last_at,
    MAX(IF(phase IN ('outcome', 'late'), result.rows, NULL)) AS returned,
    MAX(recording.bytes) AS recorded,
    CASE
      WHEN COUNTIF(became = 'completed') > 0 THEN 'completed'
      WHEN COUNTIF(became = 'failed') > 0 THEN 'failed'
      WHEN COUNTIF(became = 'unknown') > 0 THEN 'unknown'
      WHEN COUNTIF(became = 'intended') > 0 THEN 'running'
      WHEN COUNTIF(became = 'denied') > 0 THEN 'denied'
      WHEN COUNTIF(became = 'refused') > 0 THEN 'refused'
      WHEN COUNTIF(became = 'expired') > 0 THEN 'expired'
      ELSE MAX(became)
    END AS outcome,
    LOGICAL_OR(@policy IN UNNEST(decision.policies)) AS by_policy,
    LOGICAL_OR(STRPOS(LOWER(statement), LOWER(@text)) > 0) AS by_text
  FROM told
  GROUP BY session, principal, operation
),
sessions AS (
  SELECT
    session, principal,
    MAX(principal_kind) AS principal_kind,
    ARRAY_AGG(DISTINCT agent IGNORE NULLS ORDER BY agent) AS agents,
    ARRAY_AGG(DISTINCT connection IGNORE NULLS ORDER BY connection) AS connections,
    ARRAY_AGG(DISTINCT verb IGNORE NULLS ORDER BY verb) AS verbs,
    MIN(first_at) AS first_at,
    MAX(last_at) AS last_at,
    COUNT(*) AS operations,
    COUNTIF(outcome = 'completed') AS completed,
    COUNTIF(outcome = 'failed') AS failed,
    COUNTIF(outcome = 'unknown') AS not_known,
    COUNTIF(outcome IN ('denied', 'refused', 'expired')) AS refused,
    IFNULL(SUM(returned), 0) AS rows_returned,
    IFNULL(SUM(recorded), 0) AS bytes_recorded
  FROM operations
  WHERE (@outcome = '' OR outcome = @outcome)
    AND (@policy = '' OR by_policy)
    AND (@text = '' OR by_text)
  GROUP BY session, principal
)
SELECT *
FROM sessions
WHERE last_at < @after_time
  OR (last_at = @after_time AND session > @after_session)
  OR (last_at = @after_time AND session = @after_session AND principal > @after_principal)
ORDER BY last_at DESC, session, principal
LIMIT @most
