//! The admin console: pages for operators, on their own listener. They call the same use cases as the Management API.

mod address;
mod application_branding;
mod applications;
mod assets;
mod audit_logs;
mod connector;
mod connector_config;
mod connector_factories;
mod connector_form;
mod connector_health;
mod connector_schema;
mod connectors;
mod custom_phrases;
mod events;
mod guides;
mod home;
mod images;
mod page;
mod resources;
mod roles;
mod session;
mod settings;
mod sign_in_experience;
mod tenants;
mod texts;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::get;
use keyway_model::TenantId;
use keyway_model::resource::ManagementScope::{
    All, ConnectorsApprove, ConnectorsConfigure, ConnectorsTest, ConnectorsUpload, ConnectorsView,
};

use crate::Web;
use crate::declaration::Pages;
use crate::management::IMAGE_LIMIT;

pub use address::enter;
pub use session::TTL as SESSION_TTL;

/// Largest module that can be uploaded, as a form.
const UPLOAD_LIMIT: usize = 25 * 1024 * 1024;

/// Every page and form behind the guard.
pub fn pages() -> Pages {
    Pages::default()
        .post_limited("/console/modules", ConnectorsUpload, UPLOAD_LIMIT, connector_factories::upload)
        .post_limited("/console/images", All, IMAGE_LIMIT, images::upload)
        .get("/console", ConnectorsView, home::show)
        .post("/console/sign-out", ConnectorsView, session::sign_out)
        .get("/console/applications", All, applications::list)
        .post("/console/applications", All, applications::create)
        .get("/console/applications/new", All, applications::choose)
        .get("/console/applications/{id}", All, applications::show)
        .post("/console/applications/{id}", All, applications::save)
        .post("/console/applications/{id}/secrets", All, applications::add_secret)
        .post("/console/applications/{id}/secrets/delete", All, applications::delete_secret)
        .post("/console/applications/{id}/delete", All, applications::delete)
        .get("/console/connectors", ConnectorsView, connectors::list)
        .get("/console/connectors/new", ConnectorsView, connectors::choose)
        .get("/console/connectors/set-up/{factory}", ConnectorsView, connector::set_up)
        .post("/console/connectors/set-up/{factory}", ConnectorsConfigure, connector::create)
        .get("/console/connectors/{id}", ConnectorsView, connector::show)
        .post("/console/connectors/{id}", ConnectorsConfigure, connector::save)
        .post("/console/connectors/{id}/enabled", ConnectorsConfigure, connector::enable)
        .post("/console/connectors/{id}/delete", ConnectorsConfigure, connector::delete)
        .get("/console/connector-test/{factory}", ConnectorsView, connector::set_up)
        .post("/console/connector-test/{factory}", ConnectorsTest, connector::test)
        .get("/console/modules/new", ConnectorsView, connector_factories::choose)
        .get("/console/modules/{id}", ConnectorsView, connector_factories::show)
        .post("/console/modules/{id}/{digest}/approve", ConnectorsApprove, connector_factories::approve)
        .post("/console/modules/{id}/{digest}/activate", ConnectorsApprove, connector_factories::activate)
        .post("/console/modules/{id}/{digest}/delete", ConnectorsApprove, connector_factories::delete)
        .post("/console/modules/{id}/roll-back", ConnectorsApprove, connector_factories::roll_back)
        .get("/console/sign-in-experience", All, sign_in_experience::show)
        .post("/console/sign-in-experience", All, sign_in_experience::save)
        .post("/console/preview", All, sign_in_experience::preview)
        .get("/console/preview/theme.css", All, sign_in_experience::preview_theme)
        .get("/console/users", All, users::list)
        .post("/console/users", All, users::create)
        .get("/console/users/new", All, users::new)
        .get("/console/users/{id}", All, users::show)
        .post("/console/users/{id}", All, users::save)
        .post("/console/users/{id}/suspend", All, users::suspend)
        .post("/console/users/{id}/sign-out", All, users::sign_out)
        .post("/console/users/{id}/password", All, users::set_password)
        .post("/console/users/{id}/delete", All, users::delete)
        .post("/console/users/{id}/link", All, users::link)
        .post("/console/users/{id}/sessions/{session}/delete", All, users::end_session)
        .get("/console/settings", All, settings::show)
        .post("/console/settings/keys", All, settings::rotate)
        .post("/console/settings/keys/{id}/delete", All, settings::delete_key)
        .post("/console/settings/administrators", All, settings::add_administrator)
        .post("/console/settings/administrators/{id}/link", All, settings::link)
        .post("/console/settings/administrators/{id}/delete", All, settings::delete_administrator)
        .post("/console/settings/machines", All, settings::add_machine)
        .get("/console/tenants", All, tenants::list)
        .post("/console/tenants", All, tenants::create)
        .get("/console/tenants/new", All, tenants::new)
        .get("/console/tenants/{id}", All, tenants::show)
        .post("/console/tenants/{id}", All, tenants::save)
        .post("/console/tenants/{id}/delete", All, tenants::delete)
        .get("/console/resources", All, resources::list)
        .post("/console/resources", All, resources::create)
        .get("/console/resources/new", All, resources::new)
        .get("/console/resources/{id}", All, resources::show)
        .post("/console/resources/{id}", All, resources::save)
        .post("/console/resources/{id}/default", All, resources::set_default)
        .post("/console/resources/{id}/scopes", All, resources::add_scope)
        .post("/console/resources/{id}/scopes/{scope}", All, resources::save_scope)
        .post("/console/resources/{id}/scopes/{scope}/delete", All, resources::delete_scope)
        .post("/console/resources/{id}/delete", All, resources::delete)
        .get("/console/roles", All, roles::list)
        .post("/console/roles", All, roles::create)
        .get("/console/roles/new", All, roles::new)
        .get("/console/roles/{id}", All, roles::show)
        .post("/console/roles/{id}", All, roles::save)
        .post("/console/roles/{id}/scopes", All, roles::set_scopes)
        .post("/console/roles/{id}/members", All, roles::add_member)
        .post("/console/roles/{id}/members/{member}/delete", All, roles::remove_member)
        .post("/console/roles/{id}/delete", All, roles::delete)
        .get("/console/logs", All, audit_logs::list)
        .get("/console/logs/export.csv", All, audit_logs::export)
        .get("/console/logs/{id}", All, audit_logs::show)
        .get("/console/images/{name}", All, images::show)
        .get("/console/phrases", All, custom_phrases::show)
        .post("/console/phrases", All, custom_phrases::save)
        .get("/console/preview/style.css", All, sign_in_experience::preview_style)
        .post("/console/applications/{id}/branding", All, application_branding::save)
}

/// The console's routes; none on the users' listener. Everything but signing in is behind [`session::authorize`].
pub fn router(web: &Web) -> Router<Web> {
    if web.tenant != TenantId::admin() {
        return Router::new();
    }
    let open = Router::new()
        .route("/console/sign-in", get(session::sign_in))
        .route("/console/callback", get(session::callback))
        .route("/console/assets/console.css", get(assets::style))
        .route("/console/assets/console.js", get(assets::script))
        .route("/console/assets/changes.js", get(assets::changes))
        .route("/console/assets/htmx.js", get(assets::htmx));
    let (closed, authorization) = pages().into_router();
    let guard = session::ConsoleGuard { web: web.clone(), authorization: Arc::new(authorization) };
    open.merge(closed.route_layer(middleware::from_fn_with_state(guard, session::authorize)))
}
