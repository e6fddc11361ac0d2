-- What the owners of images decide about them.

ALTER TABLE images ADD COLUMN protected INTEGER NOT NULL DEFAULT 0; -- it cannot be deleted
ALTER TABLE images ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
ALTER TABLE images ADD COLUMN deactivated INTEGER NOT NULL DEFAULT 0; -- it cannot be used
ALTER TABLE images ADD COLUMN tags TEXT NOT NULL DEFAULT ''; -- JSON; empty for none
