//! Programs that administer a tenant by its Management API.

use keyway_model::ApplicationId;
use keyway_model::application::Application;
use keyway_model::resource::{MANAGEMENT_SCOPE, management_api};
use keyway_store::{applications, role_assignments};
use serde_json::json;

use super::{ApplicationError, NewApplication, insert, made};
use crate::Cx;
use crate::events::{Event, EventKind};
use crate::tenants::management_role;

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
        role_assignments::add_application(tx, &cx.tenant, &role, &application.id).await?;
        let event = Event::new(EventKind::ApplicationRolesAdded).of_application(&application.id);
        cx.emit(tx, event.added("roleIds", json!([role]))).await?;
        Ok((application.id, secret.map(|secret| secret.value).unwrap_or_default()))
    })
    .await
}

/// Programs that are shown.
const MAX_MACHINES: i64 = 1000;

/// The programs whose roles open the whole Management API, newest first.
#[tracing::instrument(name = "applications.machines", skip_all)]
pub async fn machines(cx: &Cx) -> Result<Vec<Application>, ApplicationError> {
    let api = management_api(&cx.tenant);
    cx.read(async |tx| Ok(applications::holders(tx, &cx.tenant, &api, MANAGEMENT_SCOPE, MAX_MACHINES).await?)).await
}
