//! Programs that administer a tenant by its Management API.

use keyway_model::ApplicationId;
use keyway_model::resource::{MANAGEMENT_SCOPE, management_api};
use keyway_store::roles;
use serde_json::json;

use super::{ApplicationError, NewApplication, insert, made};
use crate::events::{Event, EventKind};
use crate::tenants::management_role;
use crate::{CoreError, Cx};

/// Makes a machine-to-machine application with full access to the tenant's Management API; returns its id and secret.
#[tracing::instrument(name = "applications.create_management", skip_all)]
pub async fn create_management(cx: &Cx, name: String) -> Result<(ApplicationId, String), ApplicationError> {
    if cx.core().endpoint(&cx.tenant).is_empty() {
        return Err(ApplicationError::NotFound);
    }
    let (application, secret) = made(cx, NewApplication::machine(name))?;
    let role = management_role().id;
    cx.write(async move |tx| {
        insert(tx, cx, &application, secret.as_ref()).await?;
        roles::add_application(tx, &cx.tenant, &role, &application.id).await?;
        let event = Event::new(EventKind::ApplicationRolesAdded).of_application(&application.id);
        cx.emit(tx, event.added("roleIds", json!([role]))).await?;
        Ok((application.id, secret.map(|secret| secret.value).unwrap_or_default()))
    })
    .await
}

/// Whether a program's roles open the whole Management API.
pub async fn opens_management_api(cx: &Cx, id: &ApplicationId) -> Result<bool, CoreError> {
    let access = cx.core().machine_access(&cx.tenant, id, &management_api(&cx.tenant)).await?;
    Ok(access.is_some_and(|access| access.1.iter().any(|scope| scope == MANAGEMENT_SCOPE)))
}
