-- Every version that a document (connection, policy, group, classification, agent) had before `as_of`: from when to when, and
-- who wrote it. `valid_to` is NULL for what there was at `as_of`; `removed` means that there was none from then on. A change
-- that was told and not made is left out; one of which that is not known is kept. For when gateways first decided by a
-- change see `policy_changes`: that is seconds later.
WITH notes AS (
  SELECT
    time, event_id, chain, seq, note,
    principal.member AS author,
    JSON_VALUE(note, '$.id') AS id,
    JSON_VALUE(note, '$.outcome') AS outcome
  FROM `sallyport_evidence.events`
  WHERE type = 'policy_changed' AND time < as_of
),
undone AS (
  SELECT DISTINCT id
  FROM notes
  WHERE outcome = 'not made'
),
changes AS (
  SELECT
    notes.author AS author, notes.event_id AS event_id, notes.chain AS chain, notes.seq AS seq, notes.id AS id,
    JSON_VALUE(notes.note, '$.kind') AS kind,
    JSON_VALUE(notes.note, '$.name') AS name,
    JSON_VALUE(notes.note, '$.change') AS change,
    JSON_VALUE(notes.note, '$.source') AS source,
    JSON_QUERY(notes.note, '$.before') AS before,
    JSON_QUERY(notes.note, '$.after') AS after,
    IFNULL(SAFE_CAST(JSON_VALUE(notes.note, '$.written_at') AS TIMESTAMP), notes.time) AS written_at
  FROM notes
  LEFT JOIN undone ON undone.id = notes.id
  WHERE notes.outcome IS NULL AND undone.id IS NULL
)
SELECT
  kind, name, change, source, author, before, after,
  written_at AS valid_from,
  LEAD(written_at) OVER (PARTITION BY kind, name ORDER BY written_at, chain, seq) AS valid_to,
  event_id, chain, seq
FROM changes
