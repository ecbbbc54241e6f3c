-- `@n` of the period's calls, run or refused, chosen by the SHA-256 of `@seed` and the event: who asks again with the same
-- seed gets the same, and nobody can choose what is in it without choosing the seed.
WITH period AS (
  SELECT *
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < TIMESTAMP_ADD(@to, INTERVAL 1 DAY)
),
population AS (
  SELECT event_id, phase, time, `hash`
  FROM period
  WHERE time < @to AND operation IS NOT NULL
    AND (phase = 'intent' OR (phase = 'fact' AND type IN ('refused', 'denied', 'simulated', 'held')))
),
places AS (
  SELECT
    event_id, phase, `hash`,
    ROW_NUMBER() OVER (ORDER BY TO_HEX(SHA256(CONCAT(@seed, ':', event_id))), event_id, `hash`) AS place,
    COUNT(*) OVER () AS population
  FROM population
),
drawn AS (
  SELECT period.*, places.place AS place, places.population AS population
  FROM places
  JOIN period ON period.event_id = places.event_id AND period.phase = places.phase AND period.hash = places.hash
  WHERE places.place <= @n
),
outcomes AS (
  SELECT event_id, type, result, recording
  FROM period
  WHERE phase = 'outcome'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY time, `hash`) = 1
)
SELECT
  drawn.place AS place,
  drawn.population AS population,
  drawn.time AS asked_at,
  drawn.event_id AS event_id,
  drawn.operation AS operation,
  drawn.session AS session,
  drawn.principal.member AS principal,
  drawn.connection AS connection,
  drawn.verb AS verb,
  drawn.statement AS statement,
  IF(drawn.phase = 'intent', IFNULL(outcomes.type, 'running'), drawn.type) AS outcome,
  drawn.approval.id AS approval,
  outcomes.result.rows AS rows_returned,
  outcomes.recording.sha256 AS recording_sha256,
  CONCAT('/operations/', drawn.operation) AS replay,
  drawn.chain AS chain,
  drawn.seq AS seq
FROM drawn
LEFT JOIN outcomes ON outcomes.event_id = drawn.event_id AND drawn.phase = 'intent'
ORDER BY place
