-- All that the trail tells of one operation, in order.
SELECT *
FROM `sallyport_evidence.events`
WHERE time >= @from AND time < @to AND operation = @operation
ORDER BY time, chain, seq
