-- Who could do what just before `@as_of`, by the documents then in force: each policy with each of its principals, and the
-- members that group documents name. Groups that tokens name are not in the documents, and stand here as groups.
WITH documents AS (
  SELECT kind, name, after, author, valid_from
  FROM `sallyport_evidence.document_versions`(@as_of)
  WHERE valid_to IS NULL AND change != 'removed'
),
policies AS (
  SELECT name, after, author, valid_from, principal
  FROM documents
  CROSS JOIN UNNEST(JSON_VALUE_ARRAY(after, '$.principals')) AS principal
  WHERE kind = 'policies'
),
members AS (
  SELECT CONCAT('group:', name) AS of_group, member
  FROM documents
  CROSS JOIN UNNEST(JSON_VALUE_ARRAY(after, '$.members')) AS member
  WHERE kind = 'groups'
),
disabled AS (
  SELECT DISTINCT JSON_VALUE(after, '$.member') AS member
  FROM documents
  WHERE kind = 'agents' AND JSON_VALUE(after, '$.disabled') = 'true'
)
SELECT
  IFNULL(members.member, policies.principal) AS principal,
  IF(members.member IS NULL, '', policies.principal) AS through,
  disabled.member IS NOT NULL AS disabled,
  JSON_VALUE(policies.after, '$.effect') AS effect,
  policies.name AS policy,
  ARRAY_TO_STRING(JSON_VALUE_ARRAY(policies.after, '$.connections'), ', ') AS connections,
  ARRAY_TO_STRING(JSON_VALUE_ARRAY(policies.after, '$.verbs'), ', ') AS verbs,
  IFNULL(ARRAY_TO_STRING(JSON_VALUE_ARRAY(policies.after, '$.resources'), ', '), '*') AS resources,
  JSON_VALUE(policies.after, '$.condition') AS condition,
  IFNULL(ARRAY_TO_STRING(JSON_VALUE_ARRAY(policies.after, '$.unmask'), ', '), '') AS unmasked,
  IFNULL(ARRAY_TO_STRING(JSON_VALUE_ARRAY(policies.after, '$.overrides'), ', '), '') AS overrides,
  IFNULL(ARRAY_TO_STRING(JSON_VALUE_ARRAY(policies.after, '$.approval.approvers'), ', '), '') AS approvers,
  policies.author AS changed_by,
  policies.valid_from AS in_force_from
FROM policies
LEFT JOIN members ON members.of_group = policies.principal
LEFT JOIN disabled ON disabled.member = IFNULL(members.member, policies.principal)
ORDER BY principal, effect, policy, through
