-- Refusals within the period, by who and why, with the minute in which there were most. `occurrences` counts those that
-- were recorded together.
WITH refusals AS (
  SELECT
    time, type, occurrences,
    IFNULL(result.error_code, type) AS error_code,
    IFNULL(note, '') AS reason,
    IFNULL(principal.member, '') AS principal,
    IFNULL(connection, '') AS connection
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < @to AND type IN ('refused', 'denied', 'approval_denied', 'expired')
),
minutes AS (
  SELECT
    type, error_code, reason, principal, connection,
    TIMESTAMP_TRUNC(time, MINUTE) AS moment,
    SUM(occurrences) AS attempts,
    MIN(time) AS first_at,
    MAX(time) AS last_at
  FROM refusals
  GROUP BY type, error_code, reason, principal, connection, moment
)
SELECT
  type, error_code, reason, principal, connection,
  SUM(attempts) AS attempts,
  MIN(first_at) AS first_at,
  MAX(last_at) AS last_at,
  COUNT(*) AS minutes_with_attempts,
  MAX(attempts) AS most_in_a_minute,
  MAX(attempts) >= 10 AS burst
FROM minutes
GROUP BY type, error_code, reason, principal, connection
ORDER BY attempts DESC, first_at, type, error_code, reason, principal, connection
