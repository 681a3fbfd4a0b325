//! The first page: what is done and what is next.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::applications::{self, ApplicationFilter};
use keyway_core::users::{self, ListPosition};
use keyway_core::{Cx, Page, connectors, sign_in_experience};

use super::page::{Shell, page, shown_total};
use super::session::Admin;
use crate::error::WebError;

/// One step, and whether it is done.
struct SetupStep {
    title: &'static str,
    text: &'static str,
    href: String,
    action: &'static str,
    done: bool,
}

#[derive(Template)]
#[template(path = "console/home.html")]
struct HomePage {
    shell: Shell,
    steps: Vec<SetupStep>,
    done: usize,
    applications: i64,
    connectors: usize,
    users: String,
    endpoint: String,
}

/// `GET /console`
pub async fn show(cx: Cx, Extension(admin): Extension<Admin>) -> Result<Response, WebError> {
    let shell = Shell::new(&admin, "home");
    let t = shell.t;
    let set_up = connectors::list(&cx).await?.len();
    let connector = SetupStep {
        title: t.step_connector,
        text: t.step_connector_text,
        href: admin.to("/connectors"),
        action: if set_up > 0 { t.open } else { t.set_up },
        done: set_up > 0,
    };
    let endpoint = cx.core().endpoint(&cx.tenant);
    if !shell.may_do_everything {
        let steps = vec![connector];
        let done = usize::from(set_up > 0);
        let (applications, users) = (0, String::new());
        return Ok(page(
            StatusCode::OK,
            &HomePage { shell, steps, done, applications, connectors: set_up, users, endpoint },
        ));
    }
    let (_, total) = applications::list(&cx, &ApplicationFilter::default(), Page { offset: 0, limit: 1 }).await?;
    let people = applications::newest_for_people(&cx).await?;
    let users = users::window(&cx, ListPosition::Newest, 0).await?.total;
    let experience = sign_in_experience::get(&cx).await?;
    let by_code = experience.sign_in.methods.iter().any(|method| method.verification_code);
    let application = people.as_ref().map_or_else(
        || admin.to("/applications/new"),
        |application| admin.to(&format!("/applications/{}", application.id)),
    );
    let steps = vec![
        SetupStep {
            title: t.step_application,
            text: t.step_application_text,
            href: application,
            action: if people.is_some() { t.open } else { t.create_application },
            done: people.is_some(),
        },
        connector,
        SetupStep {
            title: t.step_experience,
            text: t.step_experience_text,
            href: admin.to("/sign-in-experience"),
            action: t.open,
            done: by_code,
        },
        SetupStep {
            title: t.step_try,
            text: t.step_try_text,
            href: admin.to("/users"),
            action: t.users,
            done: users.count > 0,
        },
    ];
    let done = steps.iter().filter(|step| step.done).count();
    Ok(page(
        StatusCode::OK,
        &HomePage { shell, steps, done, applications: total, connectors: set_up, users: shown_total(users), endpoint },
    ))
}
