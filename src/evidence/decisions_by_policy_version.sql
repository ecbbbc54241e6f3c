-- Which version of policy decided when. After each change of a document one version should decide, by every instance,
-- within a minute: `stale` counts decisions by another one later than that. Where two versions decided and no change lies
-- between, the documents were changed past the console.
WITH changes AS (
  SELECT valid_from, CONCAT(kind, '/', name) AS document, LEAD(valid_from) OVER (ORDER BY valid_from, kind, name) AS valid_to
  FROM `sallyport_evidence.document_versions`(@to)
),
-- The times between two changes, and the time before the first.
spans AS (
  SELECT valid_from AS begins, valid_to AS ends, document
  FROM changes
  WHERE valid_to IS NULL OR valid_to > valid_from
  UNION ALL
  SELECT CAST(NULL AS TIMESTAMP), MIN(valid_from), CAST(NULL AS STRING)
  FROM changes
),
decisions AS (
  SELECT time, event_id, decision.policy_version AS policy_version, decision.effect AS effect, gateway.instance AS instance
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < @to AND decision IS NOT NULL AND phase IN ('intent', 'fact')
),
placed AS (
  SELECT
    decisions.time AS time, decisions.policy_version AS policy_version, decisions.effect AS effect, decisions.instance AS instance,
    decisions.event_id AS event_id, spans.begins AS begins, spans.document AS document, IFNULL(UNIX_MICROS(spans.begins), 0) AS span
  FROM decisions
  CROSS JOIN spans
  WHERE (spans.begins IS NULL OR decisions.time >= spans.begins) AND (spans.ends IS NULL OR decisions.time < spans.ends)
),
newest AS (
  SELECT span, ARRAY_AGG(policy_version ORDER BY time DESC, event_id DESC LIMIT 1)[OFFSET(0)] AS policy_version
  FROM placed
  GROUP BY span
)
SELECT
  placed.begins AS in_force_from,
  placed.document AS last_change,
  placed.policy_version AS policy_version,
  MIN(placed.time) AS first_at,
  MAX(placed.time) AS last_at,
  COUNT(*) AS decisions,
  COUNTIF(placed.effect = 'deny') AS denied,
  COUNT(DISTINCT placed.instance) AS instances,
  COUNTIF(
    placed.policy_version != newest.policy_version
    AND (placed.begins IS NULL OR placed.time > TIMESTAMP_ADD(placed.begins, INTERVAL 1 MINUTE))
  ) AS stale
FROM placed
JOIN newest ON newest.span = placed.span
GROUP BY placed.begins, placed.document, placed.policy_version
ORDER BY first_at, policy_version
