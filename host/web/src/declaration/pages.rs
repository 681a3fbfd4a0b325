//! Pages: routes with a scope and without a documentation.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};
use keyway_model::resource::ManagementScope;

use super::AuthorizationTable;
use crate::Web;

/// Pages and forms, and what each asks for.
#[derive(Default)]
pub struct Pages {
    router: Router<Web>,
    authorization: AuthorizationTable,
}

impl Pages {
    fn add(mut self, method: Method, path: &'static str, scope: ManagementScope, route: MethodRouter<Web>) -> Self {
        self.authorization.add(method, path, scope);
        self.router = self.router.route(path, route);
        self
    }

    /// With a page.
    #[must_use]
    pub fn get<T: 'static>(self, path: &'static str, scope: ManagementScope, page: impl Handler<T, Web>) -> Self {
        self.add(Method::GET, path, scope, get(page))
    }

    /// With a form.
    #[must_use]
    pub fn post<T: 'static>(self, path: &'static str, scope: ManagementScope, form: impl Handler<T, Web>) -> Self {
        self.add(Method::POST, path, scope, post(form))
    }

    /// With a form whose body has so many bytes at most.
    #[must_use]
    pub fn post_limited<T: 'static>(
        self,
        path: &'static str,
        scope: ManagementScope,
        limit: usize,
        form: impl Handler<T, Web>,
    ) -> Self {
        self.add(Method::POST, path, scope, post(form).layer(axum::extract::DefaultBodyLimit::max(limit)))
    }

    /// The routes, and what each asks for.
    pub fn into_router(self) -> (Router<Web>, AuthorizationTable) {
        (self.router, self.authorization)
    }
}
