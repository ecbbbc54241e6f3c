-- How many events the trail has within the period, by chain, and whether they follow each other without a gap.
SELECT
  chain,
  COUNT(DISTINCT seq) AS events,
  MIN(seq) AS first_seq,
  MAX(seq) AS last_seq,
  MIN(time) AS first_at,
  MAX(time) AS last_at,
  MAX(seq) - MIN(seq) + 1 - COUNT(DISTINCT seq) AS missing
FROM `sallyport_evidence.events`
WHERE time >= @from AND time < @to
GROUP BY chain
ORDER BY first_at, chain
