-- Counters keep when they counted, so that a limit holds in every stretch of time and not only from one full hour to the
-- next. What was counted before starts from nothing.
DROP TABLE counters;
CREATE TABLE counters (
    tenant_id TEXT NOT NULL,
    name TEXT NOT NULL,
    history TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name)
);
CREATE INDEX counters_expires_at ON counters (expires_at);
