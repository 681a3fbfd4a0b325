-- What a row holds of what its other columns say, by its version: rows below the present one are written anew, a few at a time, while
-- the server runs. The search text of names in scripts without spaces is such, and what an imported password hash costs.
ALTER TABLE users ADD COLUMN derived BIGINT NOT NULL DEFAULT 0;
CREATE INDEX users_derived ON users (tenant_id, id) WHERE derived < 1;
ALTER TABLE users ADD COLUMN password_cost TEXT;
CREATE INDEX users_password_cost ON users (tenant_id, password_cost) WHERE password_cost IS NOT NULL;

-- The username in small letters: names that differ in case alone name one account. Of accounts that do already the oldest has the
-- name, and the others a key that no name has.
ALTER TABLE users ADD COLUMN username_key TEXT;
CREATE INDEX users_username_lower ON users (tenant_id, LOWER(username));
UPDATE users SET username_key = CASE WHEN EXISTS (
        SELECT 1 FROM users older WHERE older.tenant_id = users.tenant_id AND LOWER(older.username) = LOWER(users.username)
        AND (older.created_at, older.id) < (users.created_at, users.id)
    ) THEN '=' || username ELSE LOWER(username) END
    WHERE username IS NOT NULL;
DROP INDEX users_username_lower;
CREATE UNIQUE INDEX users_username_key ON users (tenant_id, username_key);
