-- What is missing from the trail of the period, or does not fit together. `alarm` marks what must never be; the others
-- happen (an instance was killed) and want an explanation. The chains' own hashes and the signatures of checkpoints are
-- checked by `sallyport verify`: this query compares what lies beside each other.
-- A day before the period is read along, so that its first events have their predecessors; and a day after it, as an
-- outcome may come late.
WITH events AS (
  SELECT time, event_id, phase, type, operation, chain, seq, prev_hash, `hash`
  FROM `sallyport_evidence.events`
  WHERE time >= TIMESTAMP_SUB(@from, INTERVAL 1 DAY) AND time < TIMESTAMP_ADD(@to, INTERVAL 1 DAY)
),
marks AS (
  SELECT number, time, heads, LAG(number) OVER (ORDER BY number) AS number_before, LAG(time) OVER (ORDER BY number) AS time_before
  FROM `sallyport_evidence.checkpoints`
  WHERE time >= TIMESTAMP_SUB(@from, INTERVAL 1 DAY) AND time < TIMESTAMP_ADD(@to, INTERVAL 1 DAY)
),
heads AS (
  SELECT
    marks.number AS number,
    marks.time AS time,
    JSON_VALUE(head, '$.chain') AS chain,
    CAST(JSON_VALUE(head, '$.seq') AS INT64) AS seq,
    JSON_VALUE(head, '$.hash') AS `hash`,
    JSON_VALUE(head, '$.closed') = 'true' AS closed
  FROM marks
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(marks.heads)) AS head
),
oldest AS (
  SELECT MIN(number) AS number
  FROM marks
),
-- How far a chain had come before anything that is read here.
starts AS (
  SELECT heads.chain AS chain, heads.seq AS seq
  FROM heads
  JOIN oldest ON oldest.number = heads.number
),
reached AS (
  SELECT chain, seq, `hash`, MIN(time) AS time, LOGICAL_OR(closed) AS closed
  FROM heads
  GROUP BY chain, seq, `hash`
),
ends AS (
  SELECT chain, MIN(seq) AS first_seq, MAX(seq) AS seq, MAX(time) AS time, LOGICAL_OR(type = 'chain_closed') AS closed
  FROM events
  GROUP BY chain
),
-- Each event beside its predecessor. By a join and no window: a chain may be longer than one machine can sort.
links AS (
  SELECT
    events.chain AS chain, events.seq AS seq, events.event_id AS event_id, events.operation AS operation, events.time AS time,
    COUNT(earlier.chain) AS predecessors,
    COUNTIF(earlier.hash = events.prev_hash) AS named,
    MAX(earlier.time) AS time_before
  FROM events
  LEFT JOIN events AS earlier ON earlier.chain = events.chain AND earlier.seq = events.seq - 1
  GROUP BY events.chain, events.seq, events.event_id, events.operation, events.time, events.hash
),
-- The first event after each gap. Whether the first one that is read here follows on what lies before, the checkpoints tell.
resumed AS (
  SELECT links.chain AS chain, links.seq AS seq, links.event_id AS event_id, links.operation AS operation, links.time AS time, starts.seq AS known_seq
  FROM links
  JOIN ends ON ends.chain = links.chain
  LEFT JOIN starts ON starts.chain = links.chain
  CROSS JOIN oldest
  WHERE links.predecessors = 0 AND links.seq > 0
    AND (links.seq > ends.first_seq OR IF(starts.seq IS NULL, oldest.number IS NOT NULL, links.seq > starts.seq + 1))
),
gaps AS (
  SELECT resumed.chain AS chain, resumed.seq AS seq, resumed.event_id AS event_id, resumed.operation AS operation, resumed.time AS time,
    IFNULL(MAX(IF(earlier.seq < resumed.seq, earlier.seq, NULL)), IFNULL(MAX(resumed.known_seq), -1)) + 1 AS first_missing
  FROM resumed
  LEFT JOIN events AS earlier ON earlier.chain = resumed.chain
  GROUP BY resumed.chain, resumed.seq, resumed.event_id, resumed.operation, resumed.time
),
intents AS (
  SELECT event_id, MIN(time) AS time, MIN(operation) AS operation, MIN(chain) AS chain, MIN(seq) AS seq
  FROM events
  WHERE phase = 'intent'
  GROUP BY event_id
),
outcomes AS (
  SELECT
    event_id,
    MIN(time) AS time,
    MIN(operation) AS operation,
    MIN(chain) AS chain,
    MIN(seq) AS seq,
    COUNT(DISTINCT IF(phase = 'outcome', `hash`, NULL)) AS ended_times,
    COUNTIF(type = 'unknown') AS unknowns,
    COUNTIF(phase = 'late') AS lates
  FROM events
  WHERE phase IN ('outcome', 'late')
  GROUP BY event_id
),
known_until AS (
  SELECT MAX(time) AS time
  FROM events
),
findings AS (
  SELECT 'gap' AS finding, TRUE AS alarm, time AS happened_at, chain, seq, event_id, operation,
    CONCAT('events ', CAST(first_missing AS STRING), ' to ', CAST(seq - 1 AS STRING), ' of the chain are not there') AS detail
  FROM gaps
  UNION ALL
  SELECT 'broken-link', TRUE, time, chain, seq, event_id, operation, 'names another predecessor than the one that is there'
  FROM links
  WHERE predecessors > 0 AND named = 0
  UNION ALL
  SELECT 'fork', TRUE, MIN(time), chain, seq, MIN(event_id), MIN(operation), CONCAT(CAST(COUNT(DISTINCT `hash`) AS STRING), ' events claim this place')
  FROM events
  GROUP BY chain, seq
  HAVING COUNT(DISTINCT `hash`) > 1
  UNION ALL
  SELECT 'two-contents', TRUE, MIN(time), MIN(chain), MIN(seq), event_id, MIN(operation), CONCAT(CAST(COUNT(DISTINCT `hash`) AS STRING), ' contents of one event, phase ', phase)
  FROM events
  GROUP BY event_id, phase
  HAVING COUNT(DISTINCT `hash`) > 1
  UNION ALL
  SELECT 'clock-stepped-back', FALSE, time, chain, seq, event_id, operation, CONCAT(CAST(TIMESTAMP_DIFF(time_before, time, SECOND) AS STRING), ' s before its predecessor')
  FROM links
  WHERE time < TIMESTAMP_SUB(time_before, INTERVAL 5 MINUTE)
  UNION ALL
  SELECT 'cut', TRUE, reached.time, reached.chain, reached.seq, CAST(NULL AS STRING), CAST(NULL AS STRING), 'a checkpoint saw this event, and it is not there'
  FROM reached
  LEFT JOIN starts ON starts.chain = reached.chain
  LEFT JOIN events ON events.chain = reached.chain AND events.seq = reached.seq
  WHERE events.chain IS NULL AND reached.seq > IFNULL(starts.seq, -1)
  UNION ALL
  SELECT 'changed', TRUE, events.time, events.chain, events.seq, events.event_id, events.operation, 'a checkpoint saw another event in this place'
  FROM reached
  JOIN events ON events.chain = reached.chain AND events.seq = reached.seq
  WHERE events.hash != reached.hash
  UNION ALL
  SELECT 'missing-checkpoint', TRUE, time, CAST(NULL AS STRING), number, CAST(NULL AS STRING), CAST(NULL AS STRING),
    CONCAT('checkpoints ', CAST(number_before + 1 AS STRING), ' to ', CAST(number - 1 AS STRING), ' are not there')
  FROM marks
  WHERE number > number_before + 1
  UNION ALL
  SELECT 'late-checkpoint', FALSE, time, CAST(NULL AS STRING), number, CAST(NULL AS STRING), CAST(NULL AS STRING),
    CONCAT('none for ', CAST(TIMESTAMP_DIFF(time, time_before, SECOND) AS STRING), ' s')
  FROM marks
  WHERE time > TIMESTAMP_ADD(time_before, INTERVAL 3 MINUTE)
  UNION ALL
  SELECT 'no-checkpoint', TRUE, MIN(events.time), CAST(NULL AS STRING), CAST(NULL AS INT64), CAST(NULL AS STRING), CAST(NULL AS STRING),
    'there are events and no checkpoint covers them'
  FROM events
  CROSS JOIN (SELECT COUNT(*) AS checkpoints FROM marks) AS counted
  WHERE events.time >= @from AND events.time < @to AND counted.checkpoints = 0
  HAVING COUNT(*) > 0
  UNION ALL
  SELECT 'no-outcome', TRUE, intents.time, intents.chain, intents.seq, intents.event_id, intents.operation, 'it was to run, and nothing says how it ended'
  FROM intents
  LEFT JOIN outcomes ON outcomes.event_id = intents.event_id
  CROSS JOIN known_until
  WHERE outcomes.event_id IS NULL AND intents.time < TIMESTAMP_SUB(known_until.time, INTERVAL 62 MINUTE)
  UNION ALL
  SELECT 'no-intent', TRUE, outcomes.time, outcomes.chain, outcomes.seq, outcomes.event_id, outcomes.operation, 'it ended, and nothing says that it was to run'
  FROM outcomes
  LEFT JOIN intents ON intents.event_id = outcomes.event_id
  WHERE intents.event_id IS NULL AND outcomes.time >= TIMESTAMP_ADD(TIMESTAMP_SUB(@from, INTERVAL 1 DAY), INTERVAL 62 MINUTE)
  UNION ALL
  SELECT 'no-known-outcome', FALSE, time, chain, seq, event_id, operation, 'its instance ended before it could say how it ended'
  FROM outcomes
  WHERE unknowns > 0 AND lates = 0
  UNION ALL
  SELECT 'late-outcome', FALSE, time, chain, seq, event_id, operation, 'how it ended was recorded after it had been given up as unknown'
  FROM outcomes
  WHERE lates > 0
  UNION ALL
  SELECT 'two-outcomes', TRUE, time, chain, seq, event_id, operation, CONCAT(CAST(ended_times AS STRING), ' outcomes')
  FROM outcomes
  WHERE ended_times > 1
  UNION ALL
  SELECT 'no-end', FALSE, ends.time, ends.chain, ends.seq, CAST(NULL AS STRING), CAST(NULL AS STRING), 'its instance did not stop in order'
  FROM ends
  JOIN (SELECT DISTINCT chain FROM reached WHERE closed) AS over_and_done ON over_and_done.chain = ends.chain
  WHERE NOT ends.closed
)
SELECT finding, alarm, happened_at, chain, seq, event_id, operation, detail
FROM findings
WHERE happened_at >= @from AND happened_at < @to
ORDER BY alarm DESC, happened_at, finding, chain, seq
