-- Every chunk of every recording once, its content as text: the table holds its bytes in UTF-8.
-- Shipping may deliver a chunk twice; such copies are equal to the last byte. One that claims the place of another with other
-- content stays visible beside it, so that a reader can tell. The columns by which one looks for a recording stand in the
-- window's PARTITION BY, as in `events`, so that filters on them reach the table's partitions and clusters.
SELECT recording.* REPLACE (SAFE_CONVERT_BYTES_TO_STRING(recording.content) AS content)
FROM `sallyport_audit.recordings` AS recording
WHERE time >= TIMESTAMP '2020-01-01 00:00:00+00'
QUALIFY ROW_NUMBER() OVER (PARTITION BY session, operation, time, event_id, direction, chunk, recording.content ORDER BY offset_ms) = 1
