-- Counts what ends an account's sign-ins: a new password, a suspension, a sign-out everywhere. Sessions and grants keep the count
-- that they were made under and are worth nothing under another.
ALTER TABLE users ADD COLUMN credential_epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN credential_epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE grants ADD COLUMN credential_epoch BIGINT NOT NULL DEFAULT 0;

-- The costs of imported password hashes, which a wrong password costs at every account; a few a tenant, so nobody deletes them.
CREATE TABLE password_costs (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    cost TEXT NOT NULL,
    PRIMARY KEY (tenant_id, cost)
);
