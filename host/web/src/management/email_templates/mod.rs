//! `/api/email-templates`: they go before those of a connector's configuration.

mod delete;
mod list;
mod put;
mod view;

use keyway_core::CoreError;
use keyway_core::email_templates::EmailTemplateError;
use keyway_model::resource::ManagementScope::All;
use keyway_model::{ErrorCode, Reason, Refusal};

use crate::declaration::{Operations, delete, get, put};
use crate::error::WebError;

/// The operations on e-mail templates.
pub fn operations() -> Operations {
    Operations::of("Email templates")
        .add(get("/api/email-templates", All, "List email templates", list::list))
        .add(put("/api/email-templates", All, "Replace email templates", put::put))
        .add(delete("/api/email-templates/{id}", All, "Delete an email template", delete::delete))
}

impl From<EmailTemplateError> for WebError {
    fn from(error: EmailTemplateError) -> Self {
        match error {
            EmailTemplateError::NotFound => ErrorCode::EntityNotFound.into(),
            EmailTemplateError::Tag => Refusal::invalid_input("templates", Reason::LanguageAndUsage).into(),
            EmailTemplateError::Store(error) => CoreError::from(error).into(),
        }
    }
}
