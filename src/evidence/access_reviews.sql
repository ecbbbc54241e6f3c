-- What was kept or revoked within the period, by whom, and when what was to go was gone; and every access that there was at
-- the end of the period and nobody reviewed within it. Reviewed is each member of a group, each policy and each agent.
WITH versions AS (
  SELECT *
  FROM `sallyport_evidence.document_versions`(@to)
),
reviews AS (
  SELECT
    time, event_id, chain, seq,
    principal.member AS reviewer,
    principal.kind AS reviewer_kind,
    JSON_VALUE(note, '$.kind') AS kind,
    JSON_VALUE(note, '$.name') AS name,
    IFNULL(JSON_VALUE(note, '$.member'), '') AS member,
    JSON_VALUE(note, '$.decision') AS decision,
    JSON_VALUE(note, '$.reason') AS reason
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < @to AND type = 'access_reviewed'
),
gone AS (
  SELECT reviews.event_id AS event_id, MIN(versions.valid_from) AS gone_at
  FROM reviews
  JOIN versions ON versions.kind = reviews.kind AND versions.name = reviews.name
  WHERE reviews.decision = 'revoke' AND versions.valid_from >= reviews.time
    AND IF(
      reviews.kind = 'groups' AND reviews.member != '',
      versions.change = 'removed' OR reviews.member NOT IN UNNEST(IFNULL(JSON_VALUE_ARRAY(versions.after, '$.members'), ARRAY<STRING>[])),
      versions.change = 'removed' OR IFNULL(JSON_VALUE(versions.after, '$.disabled'), 'false') = 'true'
    )
  GROUP BY reviews.event_id
),
standing AS (
  SELECT kind, name, member, author, valid_from
  FROM versions
  CROSS JOIN UNNEST(IF(kind = 'groups', JSON_VALUE_ARRAY(after, '$.members'), [''])) AS member
  WHERE kind IN ('groups', 'policies', 'agents') AND valid_to IS NULL AND change != 'removed'
),
reviewed AS (
  SELECT DISTINCT kind, name, member
  FROM reviews
),
listed AS (
  SELECT
    reviews.time AS reviewed_at, reviews.decision AS decision, reviews.kind AS kind, reviews.name AS name, reviews.member AS member,
    reviews.reviewer AS reviewer, reviews.reviewer_kind AS reviewer_kind, reviews.reason AS reason, gone.gone_at AS gone_at,
    reviews.event_id AS event_id, reviews.chain AS chain, reviews.seq AS seq
  FROM reviews
  LEFT JOIN gone ON gone.event_id = reviews.event_id
  UNION ALL
  SELECT
    CAST(NULL AS TIMESTAMP), 'not reviewed', standing.kind, standing.name, standing.member, CAST(NULL AS STRING), CAST(NULL AS STRING),
    CAST(NULL AS STRING), CAST(NULL AS TIMESTAMP), CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS INT64)
  FROM standing
  LEFT JOIN reviewed ON reviewed.kind = standing.kind AND reviewed.name = standing.name AND reviewed.member = standing.member
  WHERE reviewed.name IS NULL
)
SELECT
  reviewed_at, decision, kind, name, member, reviewer, reason, gone_at,
  IF(decision = 'not reviewed', NULL, reviewer_kind = 'human' AND reviewer != member) AS reviewed_by_another_human,
  event_id, chain, seq
FROM listed
ORDER BY reviewed_at, kind, name, member
