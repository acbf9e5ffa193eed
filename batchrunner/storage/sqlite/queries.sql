-- The statements that are the same whatever is asked. Those whose columns follow from `digests.COVERED`, and inserts,
-- are put together where they are used.

-- Runs.

-- name: last_run
SELECT run.id, command, profile, started_at_s, ended_at_s, exit_code, digest, jobs
FROM run JOIN job_list ON job_list.digest = run.job_list
WHERE manifest = :manifest AND (:profile IS NULL OR profile = :profile)
ORDER BY run.id DESC LIMIT 1

-- name: job_lists
SELECT manifest, job_list FROM run GROUP BY manifest, job_list ORDER BY max(id) DESC

-- name: job_list
SELECT digest, jobs FROM job_list WHERE digest = :digest

-- name: last_ended_run
SELECT coalesce(max(id), 0) FROM run
WHERE manifest = :manifest AND profile = :profile AND ended_at_s IS NOT NULL
AND exit_code NOT IN (:bug, :interrupted, :terminated)

-- name: manifest_at
SELECT manifest FROM run WHERE path = :path ORDER BY id DESC LIMIT 1

-- name: hosts_of_runs
SELECT id, host FROM run

-- name: end_run
UPDATE run SET ended_at_s = :at_s, exit_code = :exit_code WHERE id = :id

-- name: insert_job_list
INSERT OR IGNORE INTO job_list VALUES (:digest, :jobs)

-- Attempts.

-- name: settle
UPDATE attempt SET settled_at_s = :at_s WHERE id = :id

-- name: task_ids
SELECT task_id FROM answer WHERE task_id IS NOT NULL

-- name: attempt_of_task
SELECT attempt_id FROM answer WHERE task_id = :task_id

-- What was recorded since a moment: the newest row of each table, in this order.
-- name: newest_rows
SELECT (SELECT coalesce(max(id), 0) FROM attempt), (SELECT coalesce(max(id), 0) FROM adoption),
    (SELECT coalesce(max(id), 0) FROM mark), (SELECT coalesce(max(id), 0) FROM answer),
    (SELECT coalesce(max(id), 0) FROM observation), (SELECT coalesce(max(id), 0) FROM clip),
    (SELECT coalesce(max(id), 0) FROM adopted_clip)

-- name: open_attempts
SELECT id FROM attempt WHERE settled_at_s IS NULL

-- name: jobs_since
SELECT manifest, profile, job, take FROM attempt WHERE id > :attempt
UNION SELECT manifest, profile, job, take FROM adoption WHERE id > :adoption
UNION SELECT manifest, profile, job, take FROM mark WHERE id > :mark
UNION SELECT manifest, profile, job, take FROM attempt WHERE id IN (
    SELECT attempt_id FROM answer WHERE id > :answer
    UNION SELECT attempt_id FROM observation WHERE id > :observation
    UNION SELECT attempt_id FROM clip WHERE id > :clip)
UNION SELECT manifest, profile, job, take FROM adoption WHERE id IN (
    SELECT adoption_id FROM adopted_clip WHERE id > :adopted_clip)

-- name: job_of_attempt
SELECT manifest, profile, job, take FROM attempt WHERE id = :id

-- What other jobs hold.

-- name: newest_attempt
SELECT coalesce(max(id), 0) FROM attempt

-- Of each attempt or adoption of others, where its clip was put last.
-- name: stored_by_others
SELECT manifest, profile, job, take, path FROM attempt JOIN clip ON attempt_id = attempt.id
WHERE NOT (manifest = :manifest AND profile = :profile)
AND clip.id = (SELECT max(id) FROM clip WHERE attempt_id = attempt.id)
UNION ALL
SELECT manifest, profile, job, take, path FROM adoption JOIN adopted_clip ON adoption_id = adoption.id
WHERE NOT (manifest = :manifest AND profile = :profile)
AND adopted_clip.id = (SELECT max(id) FROM adopted_clip WHERE adoption_id = adoption.id)

-- name: outputs_of_open_attempts
SELECT manifest, profile, job, take, output FROM attempt WHERE settled_at_s IS NULL

-- A manifest that was renamed: what its file was called before, and nobody is called today.
-- name: former_names
SELECT manifest FROM run AS newest WHERE path = :path AND manifest <> :manifest
AND id = (SELECT max(id) FROM run WHERE manifest = newest.manifest)

-- name: same_request_since
SELECT request FROM attempt
WHERE fingerprint = :fingerprint AND take = :take AND id > :newest AND coalesce(run_id, 0) <> :run_id

-- The account.

-- name: slots
SELECT slots FROM account WHERE key_digest = :key_digest AND slots IS NOT NULL ORDER BY id DESC LIMIT 1

-- name: balances
SELECT balance_usd FROM account WHERE run_id = :run_id AND balance_usd IS NOT NULL ORDER BY id

-- name: high_water_mark
SELECT (SELECT coalesce(max(id), 0) FROM attempt), (SELECT coalesce(max(id), 0) FROM answer)

-- What other runs submitted or heard of since then, but for what was refused.
-- name: reserved_by_others
SELECT DISTINCT attempt.id, reserved_usd FROM attempt LEFT JOIN answer ON answer.attempt_id = attempt.id
WHERE run_id <> :run_id AND key_digest = :key_digest AND (attempt.id > :last_attempt OR answer.id > :last_answer)
AND coalesce(outcome, '') <> 'refused'

-- Uploads.

-- name: uploads
SELECT sha256, size_bytes, file_id, url, at_s FROM upload WHERE deleted_at_s IS NULL ORDER BY id

-- name: upload_of_content
SELECT sha256, size_bytes, file_id, url, at_s FROM upload
WHERE deleted_at_s IS NULL AND sha256 = :sha256 AND base_url = :base_url AND key_digest = :key_digest
ORDER BY id DESC LIMIT 1

-- name: delete_upload
UPDATE upload SET deleted_at_s = :at_s WHERE file_id = :file_id AND deleted_at_s IS NULL

-- name: requests_of_open_attempts
SELECT request FROM attempt WHERE settled_at_s IS NULL

-- What receipts are compared with.

-- name: known_submits
SELECT attempt.id, attempt.manifest, attempt.profile, job, take, opened_at_s, coalesce(receipt.host, run.host),
    receipt.id IS NULL, settled_at_s IS NULL,
    (SELECT outcome FROM answer WHERE attempt_id = attempt.id ORDER BY id DESC LIMIT 1),
    (SELECT group_concat(state) FROM observation WHERE attempt_id = attempt.id),
    EXISTS (SELECT 1 FROM observation WHERE attempt_id = attempt.id AND billed_usd IS NOT NULL),
    EXISTS (SELECT 1 FROM clip WHERE attempt_id = attempt.id)
FROM attempt LEFT JOIN run ON run.id = run_id LEFT JOIN receipt ON receipt.attempt_id = attempt.id
WHERE attempt.id BETWEEN :first AND :last

-- name: tasks
SELECT task_id, attempt_id FROM answer WHERE task_id IS NOT NULL

-- name: decisions
SELECT manifest, profile, job, take, decision FROM mark WHERE decision IS NOT NULL

-- name: adoptions
SELECT manifest, profile, job, take, attempt_id FROM adoption

-- name: open_attempts_of_job
SELECT id FROM attempt
WHERE settled_at_s IS NULL AND manifest = :manifest AND profile = :profile AND job = :job AND take = :take

-- name: numbers_of_job
SELECT number, opened_at_s FROM attempt
WHERE manifest = :manifest AND profile = :profile AND job = :job AND take = :take
UNION ALL
SELECT number, at_s FROM adoption
WHERE manifest = :manifest AND profile = :profile AND job = :job AND take = :take

-- name: number_of_attempt
SELECT number FROM attempt
WHERE id = :attempt_id AND manifest = :manifest AND profile = :profile AND job = :job AND take = :take
UNION ALL
SELECT number FROM adoption
WHERE attempt_id = :attempt_id AND manifest = :manifest AND profile = :profile AND job = :job AND take = :take
