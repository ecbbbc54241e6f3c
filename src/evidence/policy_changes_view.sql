-- Every change of a document that the trail knows of, from the notes of its `policy_changed` events.
-- `in_force_from`: when a gateway first decided under a version that holds the change (`in_force_by` = 'decision'); where none
-- has yet, when it was written ('write'): every gateway then heard of it within 30 s, or refused. `in_force_to`: the same of
-- the next change of the document. A change that was not made was never in force.
-- `written_at` is the database's own time for what was changed outside the console; the console records a change just before
-- it makes it.
WITH notes AS (
  SELECT
    event_id, time, chain, seq, note,
    principal.member AS author,
    JSON_VALUE(note, '$.id') AS id,
    JSON_VALUE(note, '$.kind') AS kind,
    JSON_VALUE(note, '$.name') AS name,
    JSON_VALUE(note, '$.outcome') AS outcome
  FROM `sallyport_evidence.events`
  WHERE type = 'policy_changed'
),
ends AS (
  SELECT id, ARRAY_AGG(outcome ORDER BY time DESC, chain DESC, seq DESC LIMIT 1)[OFFSET(0)] AS outcome
  FROM notes
  WHERE outcome IS NOT NULL
  GROUP BY id
),
changes AS (
  SELECT
    notes.event_id AS event_id, notes.time AS time, notes.chain AS chain, notes.seq AS seq, notes.author AS author,
    notes.id AS id, notes.kind AS kind, notes.name AS name,
    JSON_VALUE(notes.note, '$.change') AS change,
    JSON_VALUE(notes.note, '$.source') AS source,
    NULLIF(JSON_QUERY(notes.note, '$.before'), 'null') AS before,
    NULLIF(JSON_QUERY(notes.note, '$.after'), 'null') AS after,
    JSON_VALUE(notes.note, '$.before_sha256') AS before_sha256,
    JSON_VALUE(notes.note, '$.after_sha256') AS after_sha256,
    JSON_VALUE(notes.note, '$.approver') AS approver,
    JSON_VALUE(notes.note, '$.policy_version_before') AS policy_version_before,
    JSON_VALUE(notes.note, '$.policy_version') AS policy_version,
    IFNULL(ends.outcome, 'made') AS outcome,
    IFNULL(SAFE_CAST(JSON_VALUE(notes.note, '$.written_at') AS TIMESTAMP), notes.time) AS written_at
  FROM notes
  LEFT JOIN ends ON ends.id = notes.id
  WHERE notes.outcome IS NULL
),
numbered AS (
  SELECT
    id, kind, name, policy_version, written_at,
    ROW_NUMBER() OVER (ORDER BY written_at, chain, seq) AS place
  FROM changes
  WHERE outcome != 'not made'
),
made AS (
  SELECT
    id, kind, name, policy_version, written_at, place,
    LEAD(place) OVER (PARTITION BY kind, name ORDER BY place) AS next_place,
    LEAD(written_at) OVER (PARTITION BY policy_version ORDER BY place) AS same_again_at
  FROM numbered
),
decided AS (
  SELECT made.place AS place, MIN(events.time) AS first_at
  FROM made
  JOIN `sallyport_evidence.events` AS events ON events.decision.policy_version = made.policy_version
  WHERE events.time >= made.written_at AND (made.same_again_at IS NULL OR events.time < made.same_again_at)
  GROUP BY place
),
held AS (
  SELECT made.id AS id, MIN(decided.first_at) AS first_at
  FROM made
  JOIN decided ON decided.place >= made.place AND (made.next_place IS NULL OR decided.place < made.next_place)
  GROUP BY id
),
in_force AS (
  SELECT
    made.id AS id,
    IFNULL(held.first_at, made.written_at) AS in_force_from,
    IF(held.first_at IS NULL, 'write', 'decision') AS in_force_by,
    LEAD(IFNULL(held.first_at, made.written_at)) OVER (PARTITION BY made.kind, made.name ORDER BY made.place) AS next_from
  FROM made
  LEFT JOIN held ON held.id = made.id
)
SELECT
  changes.change AS change,
  changes.time AS time,
  changes.kind AS kind,
  changes.name AS name,
  changes.before AS before,
  changes.after AS after,
  changes.author AS author,
  changes.approver AS approver,
  changes.policy_version AS policy_version,
  in_force.in_force_from AS in_force_from,
  GREATEST(in_force.in_force_from, in_force.next_from) AS in_force_to,
  in_force.in_force_by AS in_force_by,
  changes.outcome AS outcome,
  changes.source AS source,
  changes.written_at AS written_at,
  changes.policy_version_before AS policy_version_before,
  changes.before_sha256 AS before_sha256,
  changes.after_sha256 AS after_sha256,
  changes.id AS id,
  changes.event_id AS event_id,
  changes.chain AS chain,
  changes.seq AS seq
FROM changes
LEFT JOIN in_force ON in_force.id = changes.id
