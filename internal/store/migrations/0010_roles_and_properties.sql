-- Roles that administrators make, and what they say of users, projects,
-- accounts and roles. Tags, attributes and options are JSON, empty for none.

ALTER TABLE accounts ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN attributes TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN options TEXT NOT NULL DEFAULT '';

ALTER TABLE projects ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE projects ADD COLUMN attributes TEXT NOT NULL DEFAULT '';
ALTER TABLE projects ADD COLUMN options TEXT NOT NULL DEFAULT '';

-- Several users may have one e-mail address.
DROP INDEX users_email;
CREATE INDEX users_email ON users (email) WHERE email <> '';
ALTER TABLE users ADD COLUMN attributes TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN options TEXT NOT NULL DEFAULT '';

CREATE TABLE roles (
    id          TEXT NOT NULL PRIMARY KEY,
    account_id  TEXT NOT NULL, -- empty: for every account
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    attributes  TEXT NOT NULL,
    options     TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (account_id, name)
) STRICT;

-- By what is looked through when a role goes.
CREATE INDEX assignments_role ON assignments (role);
