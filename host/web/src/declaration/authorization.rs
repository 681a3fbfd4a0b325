//! What each route asks for.

use std::collections::BTreeMap;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use keyway_model::resource::ManagementScope;

/// The scope of each route, by path and method.
#[derive(Debug, Clone, Default)]
pub struct AuthorizationTable {
    rows: BTreeMap<&'static str, BTreeMap<String, ManagementScope>>,
}

impl AuthorizationTable {
    /// With a row for a route.
    pub fn add(&mut self, method: Method, path: &'static str, scope: ManagementScope) {
        self.rows.entry(path).or_default().insert(method.to_string(), scope);
    }

    /// What the route of a request asks for. A route without a row asks for the scope that opens everything.
    pub fn scope(&self, request: &Request) -> ManagementScope {
        let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let row = self.rows.get(path).and_then(|methods| methods.get(method.as_str()));
        row.copied().unwrap_or(ManagementScope::All)
    }

    /// The rows: method, path and scope.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &'static str, ManagementScope)> {
        self.rows
            .iter()
            .flat_map(|(path, methods)| methods.iter().map(|(method, scope)| (method.as_str(), *path, *scope)))
    }
}
