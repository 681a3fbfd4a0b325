-- When a key begins to sign; before that it is published alone, so that whoever keeps a copy of the keys has it in time.
ALTER TABLE signing_keys ADD COLUMN signs_from BIGINT NOT NULL DEFAULT 0;
UPDATE signing_keys SET signs_from = created_at;
