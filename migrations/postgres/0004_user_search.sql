-- What a search of users looks through, written with the user: identifiers, id and name in small letters, each word after
-- two spaces, signs within words as capital letters.
ALTER TABLE users ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
UPDATE users SET search_text =
    '  ' || LOWER(id) || COALESCE('  ' || LOWER(username), '') || COALESCE('  ' || primary_email, '')
    || COALESCE('  ' || primary_phone, '') || COALESCE('  ' || LOWER(REPLACE(name, ' ', '  ')), '');
UPDATE users SET search_text =
    REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(search_text, '.', 'Q'), '@', 'X'), '-', 'J'), '_', 'Z'), '+', 'V');

-- The extension comes with PostgreSQL and any owner of the database may create it. Where it is kept away, a search reads all
-- users.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX users_search_text ON users USING gin (search_text gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR undefined_object THEN
    RAISE WARNING 'no index for the search of users: %', SQLERRM;
END
$$;
