-- Who has a role.
CREATE INDEX user_roles_role ON user_roles (tenant_id, role_id, user_id);
CREATE INDEX application_roles_role ON application_roles (tenant_id, role_id, application_id);
