-- Who gave an identity's id its meaning: empty where the target says it, the provider's issuer for a connector that speaks a
-- standard. Identities that such a connector made before are kept under the connector's id and take their issuer at the next
-- sign-in; those whose connector is gone belong to nobody's connector.
CREATE TABLE user_identities_with_issuer (
    tenant_id TEXT NOT NULL,
    target TEXT NOT NULL,
    issuer TEXT NOT NULL,
    identity_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    details TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, target, issuer, identity_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
INSERT INTO user_identities_with_issuer (tenant_id, target, issuer, identity_id, user_id, details, created_at)
SELECT
    i.tenant_id,
    i.target,
    COALESCE(
        (
            SELECT 'connector:' || c.id FROM connectors AS c
            WHERE c.tenant_id = i.tenant_id AND c.kind = 'Social' AND json_extract(c.settings, '$.metadata.target') = i.target
            ORDER BY c.created_at, c.id LIMIT 1
        ),
        ''
    ),
    i.identity_id,
    i.user_id,
    i.details,
    i.created_at
FROM user_identities AS i;
DROP TABLE user_identities;
ALTER TABLE user_identities_with_issuer RENAME TO user_identities;
CREATE UNIQUE INDEX user_identities_user ON user_identities (tenant_id, user_id, target);
