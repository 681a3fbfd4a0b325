-- What the sign-in pages of one application look like, where it differs from the tenant's; JSON.
ALTER TABLE applications ADD COLUMN sign_in_experience TEXT NOT NULL DEFAULT '{}';

-- Sentences of the sign-in pages in the tenant's own words; a JSON object by name.
CREATE TABLE phrases (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    language TEXT NOT NULL,
    phrases TEXT NOT NULL,
    PRIMARY KEY (tenant_id, language)
);

-- Uploaded pictures, encoded anew here; the id is the SHA-256 of the bytes.
CREATE TABLE images (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    id TEXT NOT NULL,
    png BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
