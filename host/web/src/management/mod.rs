//! The Management API, in Logto's shapes. Each file is one kind of thing; each route is registered together with its
//! documentation.

mod applications;
mod audit_logs;
mod connector_factories;
mod connectors;
mod custom_phrases;
mod email_templates;
mod images;
pub mod paging;
mod resources;
mod roles;
mod sign_in_experience;
mod signing_keys;
mod tenants;
pub(crate) mod users;

pub use connector_factories::read;
pub use connectors::LogContentView;
pub use images::{LIMIT as IMAGE_LIMIT, UploadView};

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use keyway_core::oauth::verify_management_token;
use keyway_core::{Actor, Cx, Visitor};
use keyway_model::resource::ManagementScope;
use keyway_model::{ErrorCode, TenantId};

use crate::Web;
use crate::audit::AuditedRequest;
use crate::declaration::{AuthorizationTable, Operations};
use crate::error::WebError;
use crate::request::bearer;

/// Every operation of a tenant of users.
pub fn operations() -> Operations {
    Operations::default()
        .merge(applications::operations())
        .merge(connector_factories::operations())
        .merge(connectors::operations())
        .merge(custom_phrases::operations())
        .merge(email_templates::operations())
        .merge(sign_in_experience::operations())
        .merge(images::operations())
        .merge(users::operations())
        .merge(audit_logs::operations())
        .merge(signing_keys::operations())
        .merge(resources::operations())
        .merge(roles::operations())
}

/// Every operation of the operators' tenant.
pub fn operators_operations() -> Operations {
    Operations::default().merge(tenants::operations())
}

/// The operations at a tenant's address.
pub fn operations_of(tenant: &TenantId) -> Operations {
    if *tenant == TenantId::admin() { operators_operations() } else { operations() }
}

/// Routes below `/api`, each behind a token of the tenant's Management API.
pub fn router(web: &Web) -> Router<Web> {
    let (router, authorization) = operations_of(&web.tenant).into_router();
    let guard = ManagementGuard { web: web.clone(), authorization: Arc::new(authorization) };
    router.route_layer(middleware::from_fn_with_state(guard, authorize))
}

/// What the check before the routes knows.
#[derive(Clone)]
struct ManagementGuard {
    web: Web,
    authorization: Arc<AuthorizationTable>,
}

/// What else the caller may do, where a route asks for it.
#[derive(Clone, Copy)]
pub struct Duties {
    /// Whether they may save the configuration of a connector.
    pub may_configure: bool,
}

/// A Bearer token for the tenant's own Management API with the scope `all`, or the narrower one that the route asks for.
async fn authorize(State(guard): State<ManagementGuard>, request: Request, next: Next) -> Result<Response, WebError> {
    let ManagementGuard { web, authorization } = guard;
    let token = bearer(request.headers())?;
    let cx = Cx::new(&web.core, web.tenant.clone(), Actor::Nobody, Visitor::default());
    let (actor, scopes) = verify_management_token(&cx, token).await?.ok_or(ErrorCode::Unauthorized)?;
    let needed = authorization.scope(&request);
    let (audited, mut request) = AuditedRequest::new(&web, web.tenant.clone(), actor, request);
    let response = if needed.is_within(&scopes) {
        let may_configure = ManagementScope::ConnectorsConfigure.is_within(&scopes);
        request.extensions_mut().insert(Duties { may_configure });
        next.run(request).await
    } else {
        WebError::from(ErrorCode::Forbidden).into_response()
    };
    if let Some(attempt) = audited.outcome(&response) {
        attempt.write().await;
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What opens an operation without the whole API; every other asks for all of it.
    const NARROW: [(&str, &str, ManagementScope); 15] = [
        ("GET", "/api/connector-factories", ManagementScope::ConnectorsView),
        ("POST", "/api/connector-factories", ManagementScope::ConnectorsUpload),
        ("DELETE", "/api/connector-factories/{id}", ManagementScope::ConnectorsApprove),
        ("GET", "/api/connector-factories/{id}", ManagementScope::ConnectorsView),
        ("POST", "/api/connector-factories/{id}/rollback", ManagementScope::ConnectorsApprove),
        ("DELETE", "/api/connector-factories/{id}/versions/{digest}", ManagementScope::ConnectorsApprove),
        ("POST", "/api/connector-factories/{id}/versions/{digest}/activate", ManagementScope::ConnectorsApprove),
        ("POST", "/api/connector-factories/{id}/versions/{digest}/approve", ManagementScope::ConnectorsApprove),
        ("GET", "/api/connectors", ManagementScope::ConnectorsView),
        ("POST", "/api/connectors", ManagementScope::ConnectorsConfigure),
        ("DELETE", "/api/connectors/{id}", ManagementScope::ConnectorsConfigure),
        ("GET", "/api/connectors/{id}", ManagementScope::ConnectorsView),
        ("PATCH", "/api/connectors/{id}", ManagementScope::ConnectorsConfigure),
        ("GET", "/api/connectors/{id}/logs", ManagementScope::ConnectorsView),
        ("POST", "/api/connectors/{id}/test", ManagementScope::ConnectorsTest),
    ];

    #[test]
    fn privilege_escalation_each_operation_asks_for_its_scope() {
        let (_, authorization) = operations().into_router();
        let narrow: Vec<_> = authorization.rows().filter(|(_, _, scope)| *scope != ManagementScope::All).collect();
        assert_eq!(narrow, NARROW);
        assert!(authorization.rows().count() > 70);
        let (_, authorization) = operators_operations().into_router();
        assert!(authorization.rows().all(|(_, _, scope)| scope == ManagementScope::All));
        assert_eq!(authorization.rows().count(), 5);
    }
}
