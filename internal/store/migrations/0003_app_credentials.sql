-- Application credentials, what they may be used for, and the tokens made from them.

CREATE TABLE app_credentials (
    id           TEXT NOT NULL PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id),
    project_id   TEXT NOT NULL REFERENCES projects (id),
    name         TEXT NOT NULL,
    description  TEXT,
    secret_hash  TEXT NOT NULL,
    roles        TEXT NOT NULL,
    unrestricted INTEGER, -- NULL when it was not said
    expires_at   INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    UNIQUE (user_id, name)
) STRICT;
CREATE INDEX app_credentials_project ON app_credentials (project_id);

CREATE TABLE access_rules (
    id      TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    service TEXT NOT NULL,
    method  TEXT NOT NULL,
    path    TEXT NOT NULL,
    UNIQUE (user_id, service, path, method)
) STRICT;

CREATE TABLE app_credential_rules (
    credential_id TEXT NOT NULL REFERENCES app_credentials (id) ON DELETE CASCADE,
    seq           INTEGER NOT NULL,
    rule_id       TEXT NOT NULL REFERENCES access_rules (id),
    PRIMARY KEY (credential_id, seq)
) STRICT;
CREATE INDEX app_credential_rules_rule ON app_credential_rules (rule_id);

ALTER TABLE tokens ADD COLUMN app_credential_id TEXT NOT NULL DEFAULT '';

-- By what ends many tokens at once.
CREATE INDEX tokens_scope ON tokens (scope_kind, scope_id);
CREATE INDEX tokens_app_credential ON tokens (app_credential_id) WHERE app_credential_id <> '';

-- By what is looked through when a project or a user goes.
CREATE INDEX assignments_scope ON assignments (scope_kind, scope_id);
CREATE INDEX access_keys_user ON access_keys (user_id);
CREATE INDEX access_keys_project ON access_keys (project_id);
