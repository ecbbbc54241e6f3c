-- The operations of a period that policy decided, and those that were refused because nothing at the connection was within
-- reach, each once: with its last decision, as the same operation may have waited for a human first.
SELECT
  time, type, operation, principal, agent, connection, verb, risks, resources, classes, statement, statement_sha256, decision,
  estimates, note
FROM `sallyport_evidence.events`
WHERE time >= @from AND time < @to
  AND operation IS NOT NULL AND principal IS NOT NULL AND connection IS NOT NULL
  AND (
    (decision IS NOT NULL AND phase IN ('intent', 'fact') AND type IN ('intended', 'held', 'denied', 'refused', 'simulated', 'expired'))
    OR (type = 'refused' AND note IN ('unreachable', 'unknown-connection'))
  )
QUALIFY ROW_NUMBER() OVER (PARTITION BY operation ORDER BY time DESC, chain DESC, seq DESC) = 1
ORDER BY time DESC, operation
LIMIT @limit
