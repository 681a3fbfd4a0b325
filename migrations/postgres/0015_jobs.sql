-- Work that one node at a time does for the whole installation: who does it, until when others leave it alone, when it is due again, and
-- how often in a row it failed.
CREATE TABLE jobs (
    name TEXT PRIMARY KEY,
    holder TEXT,
    lease_until BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    failures BIGINT NOT NULL
);
