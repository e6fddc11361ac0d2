-- Written for SQLite; the PostgreSQL engine puts its own words for the types.
-- Times are microseconds since 1970 UTC, 0 for none. Booleans are 0 and 1.
-- Lists and maps are JSON text, empty for none.

CREATE TABLE accounts (
    id          TEXT NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    enabled     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

-- Small values of the deployment itself.
CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

CREATE TABLE projects (
    id          TEXT NOT NULL PRIMARY KEY,
    account_id  TEXT NOT NULL REFERENCES accounts (id),
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    enabled     INTEGER NOT NULL,
    app_key     TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (account_id, name)
) STRICT;
CREATE UNIQUE INDEX projects_app_key ON projects (app_key) WHERE app_key <> '';

CREATE TABLE users (
    id                 TEXT NOT NULL PRIMARY KEY,
    account_id         TEXT NOT NULL REFERENCES accounts (id),
    name               TEXT NOT NULL,
    email              TEXT NOT NULL,
    description        TEXT NOT NULL,
    enabled            INTEGER NOT NULL,
    default_project_id TEXT NOT NULL,
    password_hash      TEXT NOT NULL,
    api_password_hash  TEXT NOT NULL,
    created_at         INTEGER NOT NULL,
    UNIQUE (account_id, name)
) STRICT;
CREATE UNIQUE INDEX users_email ON users (email) WHERE email <> '';

CREATE TABLE assignments (
    user_id    TEXT NOT NULL REFERENCES users (id),
    scope_kind INTEGER NOT NULL,
    scope_id   TEXT NOT NULL,
    role       TEXT NOT NULL,
    PRIMARY KEY (user_id, scope_kind, scope_id, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_keys (
    id            TEXT NOT NULL PRIMARY KEY,
    user_id       TEXT NOT NULL REFERENCES users (id),
    project_id    TEXT NOT NULL REFERENCES projects (id),
    sealed_secret BLOB NOT NULL,
    enabled       INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
    hash       BLOB NOT NULL PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id),
    scope_kind INTEGER NOT NULL,
    scope_id   TEXT NOT NULL,
    methods    TEXT NOT NULL,
    audit_ids  TEXT NOT NULL,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX tokens_user ON tokens (user_id);
CREATE INDEX tokens_expires ON tokens (expires_at);

-- One row: how often tokens had to be looked at again.
CREATE TABLE epoch (
    id INTEGER NOT NULL PRIMARY KEY,
    n  INTEGER NOT NULL
) STRICT;
INSERT INTO epoch (id, n) VALUES (1, 1);

CREATE TABLE login_failures (
    key          TEXT NOT NULL PRIMARY KEY,
    count        INTEGER NOT NULL,
    since        INTEGER NOT NULL,
    locked_until INTEGER NOT NULL
) STRICT;
CREATE INDEX login_failures_since ON login_failures (since);

CREATE TABLE key_pairs (
    id             TEXT NOT NULL PRIMARY KEY,
    region         TEXT NOT NULL,
    owner_kind     INTEGER NOT NULL,
    owner_id       TEXT NOT NULL,
    creator_id     TEXT NOT NULL,
    name           TEXT NOT NULL,
    type           TEXT NOT NULL,
    public_key     TEXT NOT NULL, -- verbatim
    blob           BLOB NOT NULL,
    md5            BLOB NOT NULL, -- of blob
    sha256         BLOB NOT NULL, -- of blob
    algorithm      TEXT NOT NULL,
    bits           INTEGER NOT NULL,
    description    TEXT NOT NULL,
    tags           TEXT NOT NULL,
    resource_group TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    UNIQUE (region, owner_kind, owner_id, name)
) STRICT;
CREATE INDEX key_pairs_md5 ON key_pairs (md5);
CREATE INDEX key_pairs_sha256 ON key_pairs (sha256);

CREATE TABLE images (
    id           TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    os_type      TEXT NOT NULL,
    os_distro    TEXT NOT NULL,
    os_version   TEXT NOT NULL,
    admin_user   TEXT NOT NULL,
    min_ram_mib  INTEGER NOT NULL,
    min_disk_gib INTEGER NOT NULL,
    size_bytes   INTEGER NOT NULL,
    public       INTEGER NOT NULL,
    project_id   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    properties   TEXT NOT NULL
) STRICT;

CREATE TABLE flavors (
    id          TEXT NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL,
    vcpus       INTEGER NOT NULL,
    ram_mib     INTEGER NOT NULL,
    disk_gib    INTEGER NOT NULL,
    extra_specs TEXT NOT NULL
) STRICT;

CREATE TABLE networks (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    subnet_id  TEXT NOT NULL,
    cidr       TEXT NOT NULL,
    shared     INTEGER NOT NULL,
    project_id TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE instances (
    id             TEXT NOT NULL PRIMARY KEY,
    region         TEXT NOT NULL,
    project_id     TEXT NOT NULL,
    user_id        TEXT NOT NULL,
    name           TEXT NOT NULL,
    description    TEXT,
    image          TEXT NOT NULL, -- JSON, as it was at creation
    flavor         TEXT NOT NULL, -- JSON, as it was at creation
    vcpus          INTEGER NOT NULL, -- of flavor, for sums
    ram_mib        INTEGER NOT NULL, -- of flavor, for sums
    zone           TEXT NOT NULL,
    node           TEXT NOT NULL,
    vm_state       TEXT NOT NULL,
    task           TEXT NOT NULL,
    fault          TEXT NOT NULL,
    metadata       TEXT NOT NULL,
    user_data      BLOB,
    tags           TEXT NOT NULL,
    reservation_id TEXT NOT NULL,
    launch_index   INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    launched_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX instances_project ON instances (project_id, region, created_at, id);
CREATE INDEX instances_created ON instances (created_at, id);
CREATE INDEX instances_node ON instances (node);

CREATE TABLE nics (
    instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    port_id     TEXT NOT NULL UNIQUE,
    network_id  TEXT NOT NULL,
    network     TEXT NOT NULL,
    mac         TEXT NOT NULL,
    addr        INTEGER NOT NULL, -- IPv4 as a number, so that addr + 1 is the next
    prefix      TEXT NOT NULL,
    PRIMARY KEY (instance_id, seq),
    UNIQUE (network_id, addr)
) STRICT;

CREATE TABLE bindings (
    instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    key_pair_id TEXT NOT NULL,
    name        TEXT NOT NULL,
    type        TEXT NOT NULL,
    public_key  TEXT NOT NULL, -- verbatim
    fingerprint TEXT NOT NULL,
    state       TEXT NOT NULL,
    since       INTEGER NOT NULL,
    PRIMARY KEY (instance_id, seq)
) STRICT;
CREATE INDEX bindings_key_pair ON bindings (key_pair_id);

CREATE TABLE jobs (
    id          TEXT NOT NULL PRIMARY KEY,
    kind        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    node        TEXT NOT NULL,
    action      TEXT NOT NULL,
    run_at      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    last_error  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    lease_owner TEXT NOT NULL, -- the process, empty when nobody has it
    lease_node  TEXT NOT NULL, -- the node of that process
    lease_until INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_due ON jobs (run_at, created_at, id);
CREATE INDEX jobs_subject ON jobs (subject, created_at, id);

CREATE TABLE audit (
    at         INTEGER NOT NULL,
    id         TEXT NOT NULL,
    request_id TEXT NOT NULL,
    dialect    TEXT NOT NULL,
    region     TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    project_id TEXT NOT NULL,
    action     TEXT NOT NULL,
    resource   TEXT NOT NULL,
    name       TEXT NOT NULL,
    owner_id   TEXT NOT NULL,
    detail     TEXT NOT NULL,
    PRIMARY KEY (at, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_resource ON audit (resource, name, at, id);
CREATE INDEX audit_user ON audit (user_id, at, id);

CREATE TABLE quotas (
    project_id TEXT NOT NULL,
    resource   TEXT NOT NULL,
    most       INTEGER NOT NULL,
    PRIMARY KEY (project_id, resource)
) STRICT, WITHOUT ROWID;

CREATE TABLE locks (
    slot  INTEGER NOT NULL PRIMARY KEY,
    taken INTEGER NOT NULL
) STRICT;
