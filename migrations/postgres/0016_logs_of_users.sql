-- The console's and the Management API's log of one user.
CREATE INDEX logs_user ON logs (tenant_id, user_id, created_at, id) WHERE user_id IS NOT NULL;
