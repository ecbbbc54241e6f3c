-- Every event of the trail once.
-- Shipping may deliver a row twice; such copies are equal to the last byte and share their hash. A row that carries the
-- id of another but not its content has another hash: both stay visible here, and `duplicates` tells of them.
-- `time` stands in the window's PARTITION BY so that a filter on `time` outside this view reaches the table's
-- partitions: BigQuery pushes a filter below a window function only on the columns that partition it. The constant is
-- the filter that the table requires of every query; it excludes nothing.
SELECT *
FROM `sallyport_audit.events`
WHERE time >= TIMESTAMP '2020-01-01 00:00:00+00'
QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id, phase, time, `hash` ORDER BY chain, seq) = 1
