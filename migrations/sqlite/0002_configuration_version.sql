-- Grows with every change of the tenant's configuration; copies in memory are valid for one version.
ALTER TABLE tenants ADD COLUMN configuration_version BIGINT NOT NULL DEFAULT 0;
