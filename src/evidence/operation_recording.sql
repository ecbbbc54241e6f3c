-- The chunks of one recording; each has the time of its outcome.
SELECT chunk, direction, offset_ms, content, sha256
FROM `sallyport_evidence.recordings`
WHERE time = @time AND operation = @operation AND event_id = @event
ORDER BY direction, chunk, content
