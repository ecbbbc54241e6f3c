-- Approvals given within the period by somebody who should not have: `self` whoever asked, `double` one person twice, `bot`
-- no human, `owner` who answers for the agent that asked, `policy-author` who made the version of a policy that was in
-- force and decided, `own-group` who put themselves in a group that they approved as. Two accounts of one address are one
-- person. Empty is as it should be: the gateway refuses the first four before it spends an approval.
WITH events AS (
  SELECT time, event_id, chain, seq, type, phase, operation, connection, principal, approval, decision
  FROM `sallyport_evidence.events`
  WHERE time >= TIMESTAMP_SUB(@from, INTERVAL 31 DAY) AND time < TIMESTAMP_ADD(@to, INTERVAL 1 DAY)
),
grants AS (
  SELECT
    time, event_id, chain, seq, operation, connection,
    approval.id AS approval_id,
    approval.requester AS requester,
    principal.member AS approver,
    principal.kind AS kind,
    principal.groups AS in_groups,
    IFNULL(LOWER(principal.email), principal.member) AS person
  FROM events
  WHERE type = 'approved' AND time >= @from AND time < @to
),
asked AS (
  SELECT approval.id AS approval_id, MIN(IFNULL(LOWER(principal.email), principal.member)) AS person
  FROM events
  WHERE type = 'held' OR (phase = 'intent' AND approval IS NOT NULL)
  GROUP BY approval_id
),
deciding AS (
  SELECT DISTINCT approval.id AS approval_id, policy
  FROM events
  CROSS JOIN UNNEST(decision.policies) AS policy
  WHERE type = 'held' OR (phase = 'intent' AND approval IS NOT NULL)
),
versions AS (
  SELECT *
  FROM `sallyport_evidence.document_versions`(TIMESTAMP_ADD(@to, INTERVAL 1 DAY))
  WHERE change != 'removed'
),
violations AS (
  SELECT grants.event_id AS event_id, 'self' AS kind, 'approved what they asked for' AS detail
  FROM grants
  LEFT JOIN asked ON asked.approval_id = grants.approval_id
  WHERE grants.approver = grants.requester OR grants.person = asked.person
  UNION ALL
  SELECT event_id, 'double', CONCAT('decision number ', CAST(number AS STRING), ' of one person')
  FROM (SELECT event_id, ROW_NUMBER() OVER (PARTITION BY approval_id, person ORDER BY time, event_id) AS number FROM grants)
  WHERE number > 1
  UNION ALL
  SELECT event_id, 'bot', CONCAT('approved as ', kind)
  FROM grants
  WHERE kind != 'human' OR STARTS_WITH(approver, 'serviceAccount:')
  UNION ALL
  SELECT grants.event_id, 'owner', CONCAT('owns the agent ', versions.name)
  FROM grants
  JOIN versions ON versions.kind = 'agents' AND JSON_VALUE(versions.after, '$.member') = grants.requester
  WHERE JSON_VALUE(versions.after, '$.owner') IN (grants.approver, CONCAT('user:', grants.person))
    AND versions.valid_from <= grants.time AND (versions.valid_to IS NULL OR grants.time < versions.valid_to)
  UNION ALL
  SELECT grants.event_id, 'policy-author', CONCAT('made the version of policy ', versions.name, ' that was in force')
  FROM grants
  JOIN deciding ON deciding.approval_id = grants.approval_id
  JOIN versions ON versions.kind = 'policies' AND versions.name = deciding.policy AND versions.author = grants.approver
  WHERE versions.valid_from <= grants.time AND (versions.valid_to IS NULL OR grants.time < versions.valid_to)
  UNION ALL
  SELECT grants.event_id, 'own-group', CONCAT('put themselves in group ', versions.name)
  FROM grants
  JOIN versions ON versions.kind = 'groups' AND versions.author = grants.approver
  WHERE versions.name IN UNNEST(grants.in_groups)
    AND versions.valid_from <= grants.time
    AND grants.approver IN UNNEST(JSON_VALUE_ARRAY(versions.after, '$.members'))
    AND grants.approver NOT IN UNNEST(IFNULL(JSON_VALUE_ARRAY(versions.before, '$.members'), ARRAY<STRING>[]))
)
SELECT
  violations.kind AS violation,
  grants.time AS approved_at,
  grants.approval_id AS approval,
  grants.operation AS operation,
  grants.connection AS connection,
  grants.requester AS requester,
  grants.approver AS approver,
  violations.detail AS detail,
  grants.event_id AS event_id,
  grants.chain AS chain,
  grants.seq AS seq
FROM violations
JOIN grants ON grants.event_id = violations.event_id
ORDER BY approved_at, approval, violation, detail
