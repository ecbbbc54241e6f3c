-- Ids that more than one content claims, and places in a chain that more than one event claims. Any row here is an alarm.
WITH events AS (
  SELECT time, event_id, phase, chain, seq, `hash`
  FROM `sallyport_audit.events`
  WHERE time >= TIMESTAMP '2020-01-01 00:00:00+00'
)
SELECT 'event' AS claimed, CONCAT(event_id, ':', phase) AS place, COUNT(DISTINCT `hash`) AS contents, MIN(time) AS first_at, MAX(time) AS last_at
FROM events
GROUP BY event_id, phase
HAVING COUNT(DISTINCT `hash`) > 1
UNION ALL
SELECT 'link', CONCAT(chain, ':', CAST(seq AS STRING)), COUNT(DISTINCT `hash`), MIN(time), MAX(time)
FROM events
GROUP BY chain, seq
HAVING COUNT(DISTINCT `hash`) > 1
