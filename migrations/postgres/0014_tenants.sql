-- Where a tenant is reached: the address, and the host that leads a request to it. The settings of the server say both of the two
-- tenants that are always there. What a deleted tenant leaves behind is removed while the server runs.
ALTER TABLE tenants ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE tenants ADD COLUMN endpoint TEXT;
ALTER TABLE tenants ADD COLUMN host TEXT;
ALTER TABLE tenants ADD COLUMN deleted_at BIGINT;
CREATE UNIQUE INDEX tenants_host ON tenants (host);
