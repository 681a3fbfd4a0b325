-- Counts what ends an account's sign-ins: a new password, a suspension, a sign-out everywhere. Sessions and grants keep the count
-- that they were made under and are worth nothing under another.
ALTER TABLE users ADD COLUMN credential_epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN credential_epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE grants ADD COLUMN credential_epoch BIGINT NOT NULL DEFAULT 0;
