//! The tenant's own e-mail templates.

use keyway_model::EmailTemplateId;
use keyway_model::email_template::{EmailTemplate, EmailTemplateDetails};
use keyway_store::{StoreError, email_templates};
use serde_json::json;

use crate::Cx;
use crate::events::{Event, EventKind};

/// Why nothing was done about e-mail templates.
#[derive(Debug, thiserror::Error)]
pub enum EmailTemplateError {
    /// The template is not there.
    #[error("not found")]
    NotFound,
    /// The language or the usage type is none.
    #[error("a language tag or a usage type that is none")]
    Tag,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A template to be made, or to replace that of the same language and usage type.
#[derive(Debug, Clone)]
pub struct NewEmailTemplate {
    /// BCP 47 tag, such as `zh-CN`.
    pub language_tag: String,
    /// Usage type, such as `SignIn`.
    pub template_type: String,
    /// Subject and content.
    pub details: EmailTemplateDetails,
}

/// What a template is for, as the audit log names it.
fn name(template: &EmailTemplate) -> String {
    format!("{} {}", template.template_type, template.language_tag)
}

/// All templates of the tenant.
#[tracing::instrument(name = "email_templates.list", skip_all)]
pub async fn list(cx: &Cx) -> Result<Vec<EmailTemplate>, EmailTemplateError> {
    cx.read(async |tx| Ok(email_templates::list(tx, &cx.tenant).await?)).await
}

/// Adds templates, or replaces those of the same language and type.
#[tracing::instrument(name = "email_templates.put", skip_all)]
pub async fn put(cx: &Cx, new: Vec<NewEmailTemplate>) -> Result<(), EmailTemplateError> {
    let is_tag = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !new.iter().all(|one| is_tag(&one.language_tag) && is_tag(&one.template_type)) {
        return Err(EmailTemplateError::Tag);
    }
    let made = |one: NewEmailTemplate| EmailTemplate {
        id: cx.core().id(),
        language_tag: one.language_tag,
        template_type: one.template_type,
        details: one.details,
        created_at: cx.now,
    };
    let templates: Vec<EmailTemplate> = new.into_iter().map(made).collect();
    cx.write(async move |tx| {
        let mut event = Event::new(EventKind::EmailTemplatesReplaced);
        let known = email_templates::list(tx, &cx.tenant).await?;
        for template in &templates {
            email_templates::put(tx, &cx.tenant, template).await?;
            if let Some(before) = known.iter().find(|one| name(one) == name(template)) {
                event = event.removed(&name(template), json!(before.details));
            }
            event = event.added(&name(template), json!(template.details));
        }
        Ok(cx.emit(tx, event).await?)
    })
    .await
}

/// Removes a template.
#[tracing::instrument(name = "email_templates.delete", skip_all)]
pub async fn delete(cx: &Cx, id: &EmailTemplateId) -> Result<(), EmailTemplateError> {
    cx.write(async move |tx| {
        let known = email_templates::list(tx, &cx.tenant).await?;
        let before = known.into_iter().find(|one| one.id == *id).ok_or(EmailTemplateError::NotFound)?;
        if !email_templates::delete(tx, &cx.tenant, id).await? {
            return Err(EmailTemplateError::NotFound);
        }
        let event = Event::new(EventKind::EmailTemplateDeleted).target("emailTemplateId", id.as_str());
        Ok(cx.emit(tx, event.removed(&name(&before), json!(before.details))).await?)
    })
    .await
}
