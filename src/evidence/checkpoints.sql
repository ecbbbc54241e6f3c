-- Every checkpoint once. `duplicates` tells of two that claim one number.
SELECT *
FROM `sallyport_audit.checkpoints`
WHERE time >= TIMESTAMP '2020-01-01 00:00:00+00'
QUALIFY ROW_NUMBER() OVER (PARTITION BY number, time, `hash` ORDER BY keeper) = 1
