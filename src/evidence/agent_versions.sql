-- Each version and model that an agent called with in the period, and what it used before. What the gateway cannot see is
-- not here: a prompt or a tool that changes under one version.
WITH calls AS (
  SELECT
    time, operation,
    principal.member AS principal,
    IFNULL(agent.name, '') AS agent,
    IFNULL(agent.version, '') AS version,
    IFNULL(agent.model, '') AS model,
    agent.attested AS attested
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < @to AND principal.kind = 'agent' AND agent IS NOT NULL AND phase IN ('intent', 'fact')
),
combinations AS (
  SELECT principal, agent, version, model, attested, MIN(time) AS first_at, MAX(time) AS last_at, COUNT(DISTINCT operation) AS operations
  FROM calls
  GROUP BY principal, agent, version, model, attested
),
ordered AS (
  SELECT
    *,
    LAG(version) OVER earlier AS version_before,
    LAG(model) OVER earlier AS model_before
  FROM combinations
  WINDOW earlier AS (PARTITION BY principal, agent ORDER BY first_at, version, model, attested)
)
SELECT
  principal, agent, version, model, attested, first_at, last_at, operations, version_before, model_before,
  CASE
    WHEN version_before IS NULL THEN 'first seen'
    WHEN version != version_before AND model != model_before THEN 'version and model'
    WHEN version != version_before THEN 'version'
    WHEN model != model_before THEN 'model'
    ELSE 'attestation'
  END AS changed
FROM ordered
ORDER BY principal, agent, first_at, version, model
