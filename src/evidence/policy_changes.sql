-- Every change of a document that was recorded within the period: who made it, what it was, what it became, and when it was
-- in force.
SELECT
  time AS changed_at,
  kind,
  name,
  change,
  outcome,
  source,
  author,
  approver,
  before,
  after,
  in_force_from,
  in_force_to,
  in_force_by,
  policy_version,
  event_id,
  chain,
  seq
FROM `sallyport_audit.policy_changes`
WHERE time >= @from AND time < @to
ORDER BY changed_at, kind, name
