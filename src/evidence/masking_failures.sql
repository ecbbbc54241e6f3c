-- Where masking did not go as planned within the period: `unprovable` was refused as nobody could prove what it would show,
-- `finding` is classified data that a detector found (and masked) where no classification named it, `truncated` an answer
-- cut at its limit, `unmasked` an answer of classified data for which no mask was recorded and no policy says why.
WITH period AS (
  SELECT *
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < TIMESTAMP_ADD(@to, INTERVAL 1 DAY)
),
answers AS (
  SELECT
    asked.time AS time, asked.operation AS operation, asked.principal AS principal, asked.connection AS connection, asked.verb AS verb,
    asked.resources AS resources, asked.classes AS classes, asked.decision AS decision, asked.chain AS chain, asked.seq AS seq,
    ended.masks AS masks, ended.findings AS findings, ended.result AS result
  FROM period AS asked
  JOIN period AS ended ON ended.event_id = asked.event_id AND ended.phase = 'outcome'
  WHERE asked.phase = 'intent' AND asked.time < @to
),
failures AS (
  SELECT 'unprovable' AS failure, time, operation, principal.member AS principal, connection, resources, '' AS class, 1 AS number, IFNULL(note, '') AS detail, chain, seq
  FROM period
  WHERE time < @to AND phase = 'fact' AND result.error_code = 'masking-unprovable'
  UNION ALL
  SELECT 'finding', time, operation, answers.principal.member, connection, resources, finding.class, finding.count, '', chain, seq
  FROM answers
  CROSS JOIN UNNEST(findings) AS finding
  UNION ALL
  SELECT 'truncated', time, operation, answers.principal.member, connection, resources, '', IFNULL(result.rows, 0), '', chain, seq
  FROM answers
  WHERE result.truncated
  UNION ALL
  SELECT 'unmasked', time, operation, answers.principal.member, connection, resources, class, IFNULL(result.rows, 0), '', chain, seq
  FROM answers
  CROSS JOIN UNNEST(classes) AS class
  WHERE verb = 'read' AND result.rows > 0 AND ARRAY_LENGTH(masks) = 0 AND class NOT IN UNNEST(decision.unmask)
)
SELECT failure, time AS asked_at, operation, principal, connection, resources, class, number, detail, chain, seq
FROM failures
ORDER BY asked_at, operation, failure, class
