//! The admin console: pages for operators, on their own listener. They call the same use cases as the Management API.

mod application_branding;
mod applications;
mod assets;
mod connector;
mod connector_config;
mod connector_form;
mod connector_health;
mod connector_schema;
mod connectors;
mod events;
mod experience;
mod guides;
mod home;
mod images;
mod logs;
mod modules;
mod page;
mod phrases;
mod session;
mod settings;
mod texts;
mod users;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use keyway_model::TenantId;

use crate::Web;
use crate::management::IMAGE_LIMIT;

pub use session::TTL as SESSION_TTL;

/// Whom the console administers.
pub fn managed() -> TenantId {
    TenantId::default_tenant()
}

/// Largest module that can be uploaded, as a form.
const UPLOAD_LIMIT: usize = 25 * 1024 * 1024;

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
    let upload =
        Router::new().route("/console/modules", post(modules::upload)).layer(DefaultBodyLimit::max(UPLOAD_LIMIT));
    let pictures =
        Router::new().route("/console/images", post(images::upload)).layer(DefaultBodyLimit::max(IMAGE_LIMIT));
    let closed = Router::new()
        .route("/console", get(home::show))
        .route("/console/sign-out", post(session::sign_out))
        .route("/console/applications", get(applications::list).post(applications::create))
        .route("/console/applications/new", get(applications::choose))
        .route("/console/applications/{id}", get(applications::show).post(applications::save))
        .route("/console/applications/{id}/secrets", post(applications::add_secret))
        .route("/console/applications/{id}/secrets/delete", post(applications::delete_secret))
        .route("/console/applications/{id}/delete", post(applications::delete))
        .route("/console/connectors", get(connectors::list))
        .route("/console/connectors/new", get(connectors::choose))
        .route("/console/connectors/set-up/{factory}", get(connector::set_up).post(connector::create))
        .route("/console/connectors/{id}", get(connector::show).post(connector::save))
        .route("/console/connectors/{id}/enabled", post(connector::enable))
        .route("/console/connectors/{id}/delete", post(connector::delete))
        .route("/console/connector-test/{factory}", get(connector::set_up).post(connector::test))
        .route("/console/modules/new", get(modules::choose))
        .route("/console/modules/{id}", get(modules::show))
        .route("/console/modules/{id}/{digest}/approve", post(modules::approve))
        .route("/console/modules/{id}/{digest}/activate", post(modules::activate))
        .route("/console/modules/{id}/{digest}/delete", post(modules::delete))
        .route("/console/modules/{id}/roll-back", post(modules::roll_back))
        .route("/console/sign-in-experience", get(experience::show).post(experience::save))
        .route("/console/preview", post(experience::preview))
        .route("/console/preview/theme.css", get(experience::preview_theme))
        .route("/console/users", get(users::list).post(users::create))
        .route("/console/users/new", get(users::new))
        .route("/console/users/{id}", get(users::show).post(users::save))
        .route("/console/users/{id}/suspend", post(users::suspend))
        .route("/console/users/{id}/sign-out", post(users::sign_out))
        .route("/console/users/{id}/password", post(users::set_password))
        .route("/console/users/{id}/delete", post(users::delete))
        .route("/console/users/{id}/link", post(users::link))
        .route("/console/users/{id}/sessions/{session}/delete", post(users::end_session))
        .route("/console/settings", get(settings::show))
        .route("/console/settings/keys", post(settings::rotate))
        .route("/console/settings/keys/{id}/delete", post(settings::delete_key))
        .route("/console/settings/administrators", post(settings::add_administrator))
        .route("/console/settings/administrators/{id}/link", post(settings::link))
        .route("/console/settings/administrators/{id}/delete", post(settings::delete_administrator))
        .route("/console/settings/machines", post(settings::add_machine))
        .route("/console/logs", get(logs::list))
        .route("/console/logs/export.csv", get(logs::export))
        .route("/console/logs/{id}", get(logs::show))
        .route("/console/images/{name}", get(images::show))
        .route("/console/phrases", get(phrases::show).post(phrases::save))
        .route("/console/preview/style.css", get(experience::preview_style))
        .route("/console/applications/{id}/branding", post(application_branding::save))
        .merge(upload)
        .merge(pictures)
        .route_layer(middleware::from_fn_with_state(web.clone(), session::authorize));
    open.merge(closed)
}
