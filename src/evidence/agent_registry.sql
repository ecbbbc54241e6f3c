-- Agents: those that a document names at the end of the period, and those that called within it, named or not.
WITH versions AS (
  SELECT *
  FROM `sallyport_evidence.document_versions`(@to)
  WHERE kind IN ('agents', 'groups')
),
registered AS (
  SELECT
    name,
    JSON_VALUE(after, '$.member') AS member,
    JSON_VALUE(after, '$.owner') AS owner,
    JSON_VALUE(after, '$.description') AS description,
    IFNULL(JSON_VALUE(after, '$.disabled'), 'false') = 'true' AS disabled,
    author,
    valid_from
  FROM versions
  WHERE kind = 'agents' AND valid_to IS NULL AND change != 'removed'
),
beginnings AS (
  SELECT name, MIN(valid_from) AS registered_at
  FROM versions
  WHERE kind = 'agents'
  GROUP BY name
),
people AS (
  SELECT DISTINCT member
  FROM versions
  CROSS JOIN UNNEST(JSON_VALUE_ARRAY(after, '$.members')) AS member
  WHERE kind = 'groups' AND valid_to IS NULL AND change != 'removed'
),
used AS (
  SELECT
    principal.member AS member,
    MIN(time) AS first_use,
    MAX(time) AS last_use,
    COUNTIF(phase = 'intent') AS operations,
    COUNTIF(type IN ('refused', 'denied')) AS refusals,
    COUNT(DISTINCT connection) AS connections
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < @to AND principal.kind = 'agent' AND phase IN ('intent', 'fact')
  GROUP BY member
)
SELECT
  IFNULL(registered.member, used.member) AS agent,
  registered.name AS document,
  registered.owner AS owner,
  people.member IS NOT NULL AS owner_in_a_group,
  registered.description AS description,
  registered.disabled AS disabled,
  beginnings.registered_at AS registered_at,
  registered.valid_from AS changed_at,
  registered.author AS changed_by,
  used.first_use AS first_use,
  used.last_use AS last_use,
  IFNULL(used.operations, 0) AS operations,
  IFNULL(used.refusals, 0) AS refusals,
  IFNULL(used.connections, 0) AS connections
FROM registered
FULL JOIN used ON used.member = registered.member
LEFT JOIN beginnings ON beginnings.name = registered.name
LEFT JOIN people ON people.member = registered.owner
ORDER BY agent, document
