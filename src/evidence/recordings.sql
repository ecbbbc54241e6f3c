-- Every chunk of every recording once.
-- Shipping may deliver a chunk twice; such copies are equal to the last byte. One that claims the place of another with other
-- content stays visible beside it, so that a reader can tell. The columns by which one looks for a recording stand in the
-- window's PARTITION BY, as in `events`, so that filters on them reach the table's partitions and clusters.
SELECT *
FROM `sallyport_audit.recordings`
WHERE time >= TIMESTAMP '2020-01-01 00:00:00+00'
QUALIFY ROW_NUMBER() OVER (PARTITION BY session, operation, time, event_id, direction, chunk, content ORDER BY offset_ms) = 1
