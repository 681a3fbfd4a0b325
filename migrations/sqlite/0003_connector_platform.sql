-- What an admin sets beside a connector's configuration: metadata, routing, profile and token settings.
ALTER TABLE connectors ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

-- Uploaded components by digest. One of a factory is active at most; without one the component of the binary serves.
CREATE TABLE connector_versions (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    factory_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    wasm BLOB NOT NULL,
    manifest TEXT NOT NULL,
    state TEXT NOT NULL,
    signer TEXT,
    uploaded_by TEXT NOT NULL,
    approved_by TEXT,
    activated_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, factory_id, digest)
);

-- Configurations as they were when a version stopped serving, so that a roll-back brings both back.
CREATE TABLE connector_snapshots (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    factory_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    connector_id TEXT NOT NULL,
    config_sealed TEXT NOT NULL,
    PRIMARY KEY (tenant_id, factory_id, digest, connector_id),
    FOREIGN KEY (tenant_id, connector_id) REFERENCES connectors (tenant_id, id) ON DELETE CASCADE
);

-- Small values that a connector keeps between its calls.
CREATE TABLE connector_cache (
    tenant_id TEXT NOT NULL,
    connector_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value_sealed TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, connector_id, name),
    FOREIGN KEY (tenant_id, connector_id) REFERENCES connectors (tenant_id, id) ON DELETE CASCADE
);

-- Identities of outside providers that sign in to an account.
CREATE TABLE user_identities (
    tenant_id TEXT NOT NULL,
    target TEXT NOT NULL,
    identity_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    details TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, target, identity_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX user_identities_user ON user_identities (tenant_id, user_id, target);

-- The tenant's own e-mail templates, which go before those of a connector's configuration.
CREATE TABLE email_templates (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    id TEXT NOT NULL,
    language_tag TEXT NOT NULL,
    template_type TEXT NOT NULL,
    details TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX email_templates_use ON email_templates (tenant_id, language_tag, template_type);
