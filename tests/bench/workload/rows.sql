-- One response of the workload with its five answers, four scores and its event, in one commit.
\set points random(0, 10)
BEGIN;
SELECT set_config('efm.organization', :organization::text, true), gen_random_uuid() AS response \gset
INSERT INTO responses (organization_id, id, survey_id, version_id, distribution_id, state, channel, touchpoint, language, submit_key, started_at, submitted_at)
VALUES (:organization::uuid, :response::uuid, :survey::uuid, :version::uuid, :link::uuid, 'complete', 'link', '', 'en', 'form:' || :response::text, now(), now());
INSERT INTO answers (organization_id, response_id, question_key, kind, number, text, choices)
VALUES (:organization::uuid, :response::uuid, 'recommend', 'nps', :points::float8, NULL, NULL),
    (:organization::uuid, :response::uuid, 'satisfaction', 'csat', 4, NULL, NULL),
    (:organization::uuid, :response::uuid, 'effort', 'ces', 5, NULL, NULL),
    (:organization::uuid, :response::uuid, 'reason', 'single_choice', NULL, NULL, ARRAY['order']),
    (:organization::uuid, :response::uuid, 'comment', 'long_text', NULL, 'Great product, very happy with the new release! Setup took less than one minute.', NULL);
INSERT INTO scores (organization_id, response_id, metric, question_key, state, value, band)
VALUES (:organization::uuid, :response::uuid, 'nps', 'recommend', 'scored', :points::float8, 'passive'),
    (:organization::uuid, :response::uuid, 'csat', 'satisfaction', 'scored', 4, 'satisfied'),
    (:organization::uuid, :response::uuid, 'ces', 'effort', 'scored', 5, 'easy'),
    (:organization::uuid, :response::uuid, 'sentiment', 'comment', 'scored', 0.86, 'positive');
INSERT INTO events (organization_id, id, kind, subject_id, payload, occurred_at)
VALUES (:organization::uuid, gen_random_uuid(), 'response.submitted', :response::uuid, '{"metrics": {"nps": 9}}', now());
COMMIT;
