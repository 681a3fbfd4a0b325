-- Who gave an identity's id its meaning: empty where the target says it, the provider's issuer for a connector that speaks a
-- standard. Identities that such a connector made before are kept under the connector's id and take their issuer at the next
-- sign-in; those whose connector is gone belong to nobody's connector.
ALTER TABLE user_identities ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
UPDATE user_identities AS i SET issuer = COALESCE(
    (
        SELECT 'connector:' || c.id FROM connectors AS c
        WHERE c.tenant_id = i.tenant_id AND c.kind = 'Social' AND c.settings::json -> 'metadata' ->> 'target' = i.target
        ORDER BY c.created_at, c.id LIMIT 1
    ),
    ''
);
ALTER TABLE user_identities ALTER COLUMN issuer DROP DEFAULT;
ALTER TABLE user_identities DROP CONSTRAINT user_identities_pkey;
ALTER TABLE user_identities ADD PRIMARY KEY (tenant_id, target, issuer, identity_id);
