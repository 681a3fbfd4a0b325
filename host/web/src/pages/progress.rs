//! The way on from a step: to the page of what comes next, or back to the application.

use axum::response::Response;
use keyway_core::CoreError;
use keyway_core::signin::{Progress, Submitted};
use keyway_model::interaction::{InteractionEvent, Next};

use super::visit::Visit;
use crate::cookies::{self, CookieKind};
use crate::error::WebError;
use crate::interactions;
use crate::oidc::answer::respond;

/// The page that an interaction begins on.
pub fn first_page(event: InteractionEvent) -> &'static str {
    match event {
        InteractionEvent::SignIn => "/sign-in",
        InteractionEvent::Register => "/register",
        InteractionEvent::ForgotPassword => "/forgot-password",
    }
}

/// The page on which a person does what comes next.
fn page_of(next: &Next) -> &'static str {
    match next {
        Next::Offer(InteractionEvent::Register) => "/no-account",
        Next::Offer(_) => "/account-exists",
        Next::Fulfil(_) => "/complete",
        Next::NewPassword => "/new-password",
        Next::Prove | Next::Link | Next::Identify | Next::Register | Next::Submit => "/sign-in",
    }
}

impl Visit {
    /// The answer to a step of this interaction.
    pub fn follow(&self, progress: Result<Progress, CoreError>) -> Result<Response, WebError> {
        match progress? {
            Progress::Asks(next) => Ok(self.go(page_of(&next))),
            Progress::Done(Submitted::PasswordReset(user)) => {
                let mut response = self.go("/sign-in?reset=done");
                response.headers_mut().extend(cookies::device(&self.web, &self.browser, &user));
                Ok(response)
            }
            Progress::Done(Submitted::SignedIn { session, answer, interaction: asked }) => {
                let mut response = respond(&answer, self.locale);
                let session = cookies::write(&self.web, CookieKind::Session, &session);
                let device = asked.user_id.as_ref().and_then(|user| cookies::device(&self.web, &self.browser, user));
                let headers = response.headers_mut();
                headers.extend(interactions::end(&self.web, &self.headers, &self.browser.interaction));
                headers.extend([session].into_iter().chain(device));
                Ok(response)
            }
        }
    }
}
