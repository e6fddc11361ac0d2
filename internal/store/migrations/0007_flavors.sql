-- What administrators say of flavors, and who may use private ones.
ALTER TABLE flavors ADD COLUMN ephemeral_gib INTEGER NOT NULL DEFAULT 0;
ALTER TABLE flavors ADD COLUMN swap_mib INTEGER NOT NULL DEFAULT 0;
ALTER TABLE flavors ADD COLUMN rxtx_factor REAL NOT NULL DEFAULT 1;
ALTER TABLE flavors ADD COLUMN private INTEGER NOT NULL DEFAULT 0;
ALTER TABLE flavors ADD COLUMN description TEXT; -- NULL for none
ALTER TABLE flavors ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE flavors ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX flavors_name ON flavors (name);

CREATE TABLE flavor_access (
    flavor_id  TEXT NOT NULL REFERENCES flavors (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL,
    PRIMARY KEY (flavor_id, project_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX flavor_access_project ON flavor_access (project_id);

-- What new deployments begin with, by kind and id: it is made once, and not
-- again when somebody has deleted it.
CREATE TABLE sown (
    name TEXT NOT NULL PRIMARY KEY
) STRICT;
