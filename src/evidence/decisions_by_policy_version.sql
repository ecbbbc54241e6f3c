-- Which version of policy decided when. After each change of a document one version should decide, by every instance,
-- within a minute: `stale` counts decisions by another one later than that. Where two versions decided and no change lies
-- between, the documents were changed past the console.
WITH changes AS (
  SELECT valid_from, CONCAT(kind, '/', name) AS document
  FROM `sallyport_evidence.document_versions`(@to)
),
decisions AS (
  SELECT time, event_id, decision.policy_version AS policy_version, decision.effect AS effect, gateway.instance AS instance
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < @to AND decision IS NOT NULL AND phase IN ('intent', 'fact')
),
timeline AS (
  SELECT time, event_id, policy_version, effect, instance, CAST(NULL AS TIMESTAMP) AS changed_at, CAST(NULL AS STRING) AS document
  FROM decisions
  UNION ALL
  SELECT valid_from, '', CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS STRING), valid_from, document
  FROM changes
),
placed AS (
  SELECT
    time, event_id, policy_version, effect, instance,
    LAST_VALUE(changed_at IGNORE NULLS) OVER before_it AS changed_at,
    LAST_VALUE(document IGNORE NULLS) OVER before_it AS document
  FROM timeline
  WINDOW before_it AS (ORDER BY time, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
newest AS (
  SELECT
    *,
    LAST_VALUE(policy_version) OVER (
      PARTITION BY changed_at ORDER BY time, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS newest_version
  FROM placed
  WHERE policy_version IS NOT NULL
)
SELECT
  changed_at AS in_force_from,
  document AS last_change,
  policy_version,
  MIN(time) AS first_at,
  MAX(time) AS last_at,
  COUNT(*) AS decisions,
  COUNTIF(effect = 'deny') AS denied,
  COUNT(DISTINCT instance) AS instances,
  COUNTIF(policy_version != newest_version AND (changed_at IS NULL OR time > TIMESTAMP_ADD(changed_at, INTERVAL 1 MINUTE))) AS stale
FROM newest
GROUP BY in_force_from, last_change, policy_version
ORDER BY first_at, policy_version
