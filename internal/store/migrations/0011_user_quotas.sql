-- Limits of single users in a project, beside those of the project.
CREATE TABLE user_quotas (
    project_id TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    resource   TEXT NOT NULL,
    most       INTEGER NOT NULL,
    PRIMARY KEY (project_id, user_id, resource)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_quotas_user ON user_quotas (user_id);
