-- Operations of agents whose owner had left by then. An owner has left who is named by a group's document no more, having
-- been named by one before, or whom the table `leavers` names. Of owners whom no document ever named nothing can be said:
-- `agent_registry` tells who they are.
WITH versions AS (
  SELECT *
  FROM `sallyport_evidence.document_versions`(@to)
  WHERE kind IN ('agents', 'groups') AND change != 'removed'
),
owned AS (
  SELECT name, JSON_VALUE(after, '$.member') AS member, JSON_VALUE(after, '$.owner') AS owner, valid_from, valid_to
  FROM versions
  WHERE kind = 'agents'
),
memberships AS (
  SELECT member, valid_from, valid_to
  FROM versions
  CROSS JOIN UNNEST(JSON_VALUE_ARRAY(after, '$.members')) AS member
  WHERE kind = 'groups'
),
departed AS (
  SELECT member, MIN(left_at) AS left_at
  FROM `sallyport_audit.leavers`
  WHERE left_at >= TIMESTAMP '1970-01-01 00:00:00+00' AND left_at < @to
  GROUP BY member
),
uses AS (
  SELECT principal.member AS member, event_id, time, operation, connection, verb
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < @to AND phase = 'intent' AND principal.kind = 'agent'
),
owned_uses AS (
  SELECT uses.*, owned.name AS document, owned.owner AS owner
  FROM uses
  JOIN owned ON owned.member = uses.member AND uses.time >= owned.valid_from
    AND (owned.valid_to IS NULL OR uses.time < owned.valid_to)
),
judged AS (
  SELECT
    owned_uses.event_id AS event_id,
    owned_uses.document AS document,
    COUNTIF(memberships.valid_to IS NULL OR owned_uses.time < memberships.valid_to) AS groups_then,
    MAX(memberships.valid_to) AS left_groups_at
  FROM owned_uses
  JOIN memberships ON memberships.member = owned_uses.owner AND memberships.valid_from <= owned_uses.time
  GROUP BY owned_uses.event_id, owned_uses.document
),
absent AS (
  SELECT event_id, document, left_groups_at
  FROM judged
  WHERE groups_then = 0
),
late_uses AS (
  SELECT
    owned_uses.document AS agent,
    owned_uses.member AS principal,
    owned_uses.owner AS owner,
    owned_uses.connection AS connection,
    owned_uses.time AS time,
    LEAST(IFNULL(absent.left_groups_at, departed.left_at), IFNULL(departed.left_at, absent.left_groups_at)) AS gone_since,
    IF(departed.member IS NULL, 'in no group any more', 'named as a leaver') AS known_by
  FROM owned_uses
  LEFT JOIN absent ON absent.event_id = owned_uses.event_id AND absent.document = owned_uses.document
  LEFT JOIN departed ON departed.member = owned_uses.owner AND departed.left_at <= owned_uses.time
  WHERE absent.event_id IS NOT NULL OR departed.member IS NOT NULL
)
SELECT agent, principal, owner, gone_since, known_by, connection, COUNT(*) AS operations, MIN(time) AS first_use, MAX(time) AS last_use
FROM late_uses
GROUP BY agent, principal, owner, gone_since, known_by, connection
ORDER BY gone_since, agent, connection
