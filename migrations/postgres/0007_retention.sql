-- What the sweep looks for.
CREATE INDEX sessions_expires_at ON sessions (expires_at);
CREATE INDEX grants_created_at ON grants (created_at);
CREATE INDEX connector_cache_expires_at ON connector_cache (expires_at);
CREATE INDEX logs_retention ON logs (created_at);
