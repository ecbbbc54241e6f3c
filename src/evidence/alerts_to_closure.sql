-- Alerts of the period, and those that were open when it began and had been raised in the 92 days before: when each was
-- raised, acknowledged and closed, by whom and why, as it stood at the end of the period.
WITH events AS (
  SELECT time, event_id, type, operation, connection, principal, note, chain, seq
  FROM `sallyport_evidence.events`
  WHERE time >= TIMESTAMP_SUB(@from, INTERVAL 92 DAY) AND time < @to
    AND type IN ('alert_raised', 'alert_acknowledged', 'alert_closed')
),
raised AS (
  SELECT
    JSON_VALUE(note, '$.alert') AS alert,
    JSON_VALUE(note, '$.kind') AS kind,
    JSON_VALUE(note, '$.severity') AS severity,
    JSON_VALUE(note, '$.detail') AS detail,
    JSON_VALUE(note, '$.member') AS about,
    time, operation, connection, event_id, chain, seq
  FROM events
  WHERE type = 'alert_raised'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY alert ORDER BY time, event_id) = 1
),
answers AS (
  SELECT
    JSON_VALUE(note, '$.alert') AS alert, type, time, principal.member AS member, principal.kind AS kind, JSON_VALUE(note, '$.reason') AS reason,
    ROW_NUMBER() OVER (PARTITION BY JSON_VALUE(note, '$.alert'), type ORDER BY time, event_id) AS place
  FROM events
  WHERE type IN ('alert_acknowledged', 'alert_closed')
)
SELECT
  raised.time AS raised_at,
  raised.alert AS alert,
  raised.kind AS kind,
  raised.severity AS severity,
  raised.detail AS detail,
  raised.operation AS operation,
  raised.connection AS connection,
  raised.about AS about,
  acknowledged.time AS acknowledged_at,
  acknowledged.member AS acknowledged_by,
  closed.time AS closed_at,
  closed.member AS closed_by,
  IFNULL(closed.reason, acknowledged.reason) AS reason,
  TIMESTAMP_DIFF(LEAST(IFNULL(acknowledged.time, closed.time), IFNULL(closed.time, acknowledged.time)), raised.time, MINUTE) AS minutes_to_answer,
  TIMESTAMP_DIFF(closed.time, raised.time, MINUTE) AS minutes_to_close,
  IF(closed.time IS NOT NULL, 'closed', IF(acknowledged.time IS NOT NULL, 'acknowledged', 'open')) AS state,
  IFNULL(closed.kind, 'human') = 'human' AND IFNULL(acknowledged.kind, 'human') = 'human'
    AND IFNULL(closed.member, '') != IFNULL(raised.about, '-') AS answered_by_another_human,
  raised.event_id AS event_id,
  raised.chain AS chain,
  raised.seq AS seq
FROM raised
LEFT JOIN answers AS acknowledged ON acknowledged.alert = raised.alert AND acknowledged.type = 'alert_acknowledged' AND acknowledged.place = 1
LEFT JOIN answers AS closed ON closed.alert = raised.alert AND closed.type = 'alert_closed' AND closed.place = 1
WHERE raised.time >= @from OR closed.time IS NULL OR closed.time >= @from
ORDER BY raised_at, alert
