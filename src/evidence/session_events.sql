-- The events of a session's operations, in order: a page of operations, with what others decided of them.
WITH own AS (
  SELECT operation, MIN(time) AS first_at
  FROM `sallyport_evidence.events`
  WHERE time >= @from AND time < @to AND session = @session AND operation IS NOT NULL
    AND (@principal = '' OR principal.member = @principal)
  GROUP BY operation
),
page AS (
  SELECT operation
  FROM own
  WHERE first_at > @after_time OR (first_at = @after_time AND operation > @after_operation)
  ORDER BY first_at, operation
  LIMIT @most
)
SELECT * REPLACE (SUBSTR(statement, 1, 2000) AS statement, SUBSTR(parameters, 1, 2000) AS parameters)
FROM `sallyport_evidence.events`
WHERE time >= @from AND time < @to AND operation IN (SELECT operation FROM page)
ORDER BY time, chain, seq
