-- Each use of a credential within the period: which version, for which operation, and how old it was by then, as far as
-- Secret Manager's record of its making is there. And, as `read-without-a-call`, each reading of a secret by Secret
-- Manager's own record within two minutes of which no call at a connection of that secret is in the trail: the gateway
-- keeps a secret in memory for a minute at most, so one reading may serve many operations, and none may serve nothing.
-- A project stands in these names by its number here and by its id there, so they are compared without it.
WITH period AS (
  SELECT time, event_id, phase, type, operation, principal, connection, credential
  FROM `sallyport_evidence.events`
  WHERE time >= TIMESTAMP_SUB(@from, INTERVAL 1 HOUR) AND time < TIMESTAMP_ADD(@to, INTERVAL 1 DAY)
),
records AS (
  SELECT *
  FROM `sallyport_evidence.target_records`
  WHERE source = 'secret_manager' AND time < @to
),
made AS (
  SELECT REGEXP_EXTRACT(resource, r'/secrets/(.+)$') AS secret_version, MIN(time) AS created_at
  FROM records
  WHERE action = 'AddSecretVersion'
  GROUP BY secret_version
),
uses AS (
  SELECT time, event_id, operation, principal.member AS principal, connection, credential.secret AS secret, credential.version AS version
  FROM period
  WHERE phase = 'outcome' AND credential IS NOT NULL
),
secrets AS (
  SELECT DISTINCT connection, REGEXP_EXTRACT(secret, r'^(?:projects/[^/]+/secrets/)?([^/]+)') AS secret
  FROM uses
),
calls AS (
  SELECT secrets.secret AS secret, period.time AS time
  FROM period
  JOIN secrets ON secrets.connection = period.connection
),
readings AS (
  SELECT record_id, time, principal, resource,
    REGEXP_EXTRACT(resource, r'/secrets/([^/]+)') AS secret
  FROM records
  WHERE action = 'AccessSecretVersion' AND time >= @from
),
explained AS (
  SELECT DISTINCT readings.record_id AS record_id
  FROM readings
  JOIN calls ON calls.secret = readings.secret
  WHERE calls.time >= TIMESTAMP_SUB(readings.time, INTERVAL 2 MINUTE) AND calls.time < TIMESTAMP_ADD(readings.time, INTERVAL 2 MINUTE)
),
listed AS (
  SELECT
    'used' AS verdict, uses.time AS happened_at, uses.secret AS secret, uses.version AS version, uses.connection AS connection,
    uses.operation AS operation, uses.principal AS principal, made.created_at AS created_at, CAST(NULL AS STRING) AS record_id
  FROM uses
  LEFT JOIN made ON made.secret_version = REGEXP_EXTRACT(uses.version, r'/secrets/(.+)$')
  WHERE uses.time >= @from AND uses.time < @to
  UNION ALL
  SELECT 'read-without-a-call', readings.time, readings.secret, readings.resource, CAST(NULL AS STRING), CAST(NULL AS STRING), readings.principal, made.created_at, readings.record_id
  FROM readings
  LEFT JOIN explained ON explained.record_id = readings.record_id
  LEFT JOIN made ON made.secret_version = REGEXP_EXTRACT(readings.resource, r'/secrets/(.+)$')
  WHERE explained.record_id IS NULL
)
SELECT
  verdict, happened_at, secret, version, connection, operation, principal, created_at,
  TIMESTAMP_DIFF(happened_at, created_at, DAY) AS age_days,
  record_id
FROM listed
ORDER BY verdict, happened_at, operation, record_id
