//! The tenant's own e-mail templates.

use keyway_model::email_template::EmailTemplate;
use keyway_model::{EmailTemplateId, TenantId, Timestamp};

use crate::statement::{Row, query};
use crate::{StoreError, Tx, configuration};

fn read(row: &Row) -> Result<EmailTemplate, StoreError> {
    Ok(EmailTemplate {
        id: EmailTemplateId(row.get("id")?),
        language_tag: row.get("language_tag")?,
        template_type: row.get("template_type")?,
        details: serde_json::from_str(&row.get::<String>("details")?)?,
        created_at: Timestamp(row.get("created_at")?),
    })
}

/// All templates of the tenant.
pub async fn list(tx: &mut Tx, tenant: &TenantId) -> Result<Vec<EmailTemplate>, StoreError> {
    let statement = "SELECT id, language_tag, template_type, details, created_at FROM email_templates WHERE tenant_id = $1 \
         ORDER BY language_tag, template_type";
    tx.all(query(statement).bind(tenant.0.clone())).await?.iter().map(read).collect()
}

/// Adds a template, or replaces the one of its language and type.
pub async fn put(tx: &mut Tx, tenant: &TenantId, template: &EmailTemplate) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "INSERT INTO email_templates (tenant_id, id, language_tag, template_type, details, created_at) VALUES ($1, \
         $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, language_tag, template_type) DO UPDATE SET details = EXCLUDED.details";
    let statement = query(statement).bind(tenant.0.clone()).bind(template.id.0.clone());
    let statement = statement.bind(template.language_tag.clone()).bind(template.template_type.clone());
    tx.execute(statement.bind(serde_json::to_string(&template.details)?).bind(template.created_at.0)).await.map(|_| ())
}

/// Removes a template; false when there is none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &EmailTemplateId) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = query("DELETE FROM email_templates WHERE tenant_id = $1 AND id = $2");
    Ok(tx.execute(statement.bind(tenant.0.clone()).bind(id.0.clone())).await? > 0)
}
