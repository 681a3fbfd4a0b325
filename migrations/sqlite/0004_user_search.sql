-- What a search of users looks through, written with the user: identifiers, id and name in small letters, each word after
-- two spaces, signs within words as capital letters. The index of three-letter pieces keeps no text; its rows have the numbers
-- that users get here in order.
ALTER TABLE users ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
UPDATE users SET search_text =
    '  ' || LOWER(id) || COALESCE('  ' || LOWER(username), '') || COALESCE('  ' || primary_email, '')
    || COALESCE('  ' || primary_phone, '') || COALESCE('  ' || LOWER(REPLACE(name, ' ', '  ')), '');
UPDATE users SET search_text =
    REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(search_text, '.', 'Q'), '@', 'X'), '-', 'J'), '_', 'Z'), '+', 'V');

CREATE TABLE user_search_rows (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL
);
CREATE UNIQUE INDEX user_search_rows_user ON user_search_rows (tenant_id, user_id);
CREATE VIRTUAL TABLE user_search USING fts5(
    search_text, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram case_sensitive 1'
);
INSERT INTO user_search_rows (tenant_id, user_id) SELECT tenant_id, id FROM users ORDER BY created_at, id;
INSERT INTO user_search (rowid, search_text)
    SELECT number, search_text FROM user_search_rows JOIN users ON users.tenant_id = user_search_rows.tenant_id AND id = user_id;

CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN
    INSERT INTO user_search_rows (tenant_id, user_id) VALUES (NEW.tenant_id, NEW.id);
    INSERT INTO user_search (rowid, search_text)
        SELECT number, NEW.search_text FROM user_search_rows WHERE tenant_id = NEW.tenant_id AND user_id = NEW.id;
END;
CREATE TRIGGER users_search_update AFTER UPDATE OF search_text ON users WHEN OLD.search_text <> NEW.search_text BEGIN
    DELETE FROM user_search
        WHERE rowid = (SELECT number FROM user_search_rows WHERE tenant_id = NEW.tenant_id AND user_id = NEW.id);
    INSERT INTO user_search (rowid, search_text)
        SELECT number, NEW.search_text FROM user_search_rows WHERE tenant_id = NEW.tenant_id AND user_id = NEW.id;
END;
CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN
    DELETE FROM user_search
        WHERE rowid = (SELECT number FROM user_search_rows WHERE tenant_id = OLD.tenant_id AND user_id = OLD.id);
    DELETE FROM user_search_rows WHERE tenant_id = OLD.tenant_id AND user_id = OLD.id;
END;
