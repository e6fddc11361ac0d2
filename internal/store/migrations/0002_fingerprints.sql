-- Fingerprints that only certificates have; NULL for every other key. The
-- indexes leave NULL out, so that a plain key costs them nothing.

ALTER TABLE key_pairs ADD COLUMN sha1 BLOB; -- of blob, for x509
ALTER TABLE key_pairs ADD COLUMN certified_md5 BLOB; -- of the blob of the key that is certified
ALTER TABLE key_pairs ADD COLUMN certified_sha256 BLOB;
CREATE INDEX key_pairs_sha1 ON key_pairs (sha1) WHERE sha1 IS NOT NULL;
CREATE INDEX key_pairs_certified_md5 ON key_pairs (certified_md5) WHERE certified_md5 IS NOT NULL;
CREATE INDEX key_pairs_certified_sha256 ON key_pairs (certified_sha256) WHERE certified_sha256 IS NOT NULL;
