-- What was done to an instance stays on record when the instance is gone, and
-- tells on which node it was done.
CREATE TABLE kept_events (
    id          TEXT NOT NULL PRIMARY KEY,
    instance_id TEXT NOT NULL,
    node        TEXT NOT NULL,
    action      TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    project_id  TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    failed      INTEGER NOT NULL,
    failure     TEXT NOT NULL
) STRICT;
INSERT INTO kept_events (id, instance_id, node, action, request_id, user_id, project_id, started_at, finished_at, failed, failure)
    SELECT e.id, e.instance_id, i.node, e.action, e.request_id, e.user_id, e.project_id, e.started_at, e.finished_at, e.failed, e.failure
    FROM instance_events e JOIN instances i ON i.id = e.instance_id;
DROP TABLE instance_events;
ALTER TABLE kept_events RENAME TO instance_events;
CREATE INDEX instance_events_instance ON instance_events (instance_id, started_at, id);
