//! The tenant's own e-mail templates.

use keyway_model::email_template::{EmailTemplate, EmailTemplateDetails};
use keyway_model::{EmailTemplateId, ErrorCode, Refusal, TenantId};
use keyway_store::email_templates;

use crate::{Core, CoreError};

impl Core {
    /// All templates of the tenant.
    pub async fn email_templates(&self, tenant: &TenantId) -> Result<Vec<EmailTemplate>, CoreError> {
        self.read(async move |tx| email_templates::list(tx, tenant).await).await
    }

    /// Adds templates (language, usage type, content), or replaces those of the same language and type.
    pub async fn put_email_templates(
        &self,
        tenant: &TenantId,
        new: Vec<(String, String, EmailTemplateDetails)>,
    ) -> Result<(), CoreError> {
        let mut templates = Vec::new();
        for (language_tag, template_type, details) in new {
            let tag = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if !tag(&language_tag) || !tag(&template_type) {
                let expected = "languageTag is a BCP 47 tag such as zh-CN, templateType a usage type such as SignIn";
                return Err(Refusal::invalid_input("templates", expected).into());
            }
            let id: EmailTemplateId = self.id();
            templates.push(EmailTemplate { id, language_tag, template_type, details, created_at: self.now() });
        }
        self.parts
            .store
            .write(async move |tx| {
                for template in &templates {
                    email_templates::put(tx, tenant, template).await?;
                }
                Ok::<_, CoreError>(())
            })
            .await
    }

    /// Removes a template.
    pub async fn delete_email_template(&self, tenant: &TenantId, id: EmailTemplateId) -> Result<(), CoreError> {
        let deleted =
            self.parts.store.write(async move |tx| Ok::<_, CoreError>(email_templates::delete(tx, tenant, &id).await?));
        if deleted.await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
    }
}
