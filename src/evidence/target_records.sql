-- What the targets themselves wrote of their use, each record once: it may be loaded again and again.
SELECT *
FROM `sallyport_audit.target_records`
WHERE time >= TIMESTAMP '2020-01-01 00:00:00+00'
QUALIFY ROW_NUMBER() OVER (PARTITION BY source, record_id, time ORDER BY operation) = 1
