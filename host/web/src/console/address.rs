//! The tenant in the console's addresses: `/console/tenant/acme/users` has the users of `acme`. Without a tenant, as in `/console/users`,
//! an address means the tenant where the console lands.

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use keyway_model::TenantId;

/// What stands before a tenant's id.
const PREFIX: &str = "/console/tenant/";

/// The tenant that an address names, as it stands there: it may not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named(TenantId);

/// Where the console lands.
pub fn landing() -> TenantId {
    TenantId::default_tenant()
}

/// Where the pages of a tenant are, without a slash at its end.
pub fn base(tenant: &TenantId) -> String {
    if *tenant == landing() { "/console".into() } else { format!("{PREFIX}{tenant}") }
}

/// The tenant that a request is about.
pub fn tenant(request: &Request) -> TenantId {
    request.extensions().get::<Named>().map_or_else(landing, |named| named.0.clone())
}

/// The address of a request as the browser has it.
pub fn full(request: &Request) -> String {
    let inner = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    inner.strip_prefix("/console").map_or_else(|| inner.to_owned(), |rest| format!("{}{rest}", base(&tenant(request))))
}

/// Takes the tenant out of an address before a route is looked for, so that each page is one route, whatever the tenant.
pub fn enter(mut request: Request) -> Request {
    let Some(rest) = request.uri().path().strip_prefix(PREFIX) else { return request };
    let (id, page) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let named = Named(id.into());
    // What was a path without its beginning is one with another.
    let Ok(inner) = format!("/console{page}{query}").parse::<PathAndQuery>() else { return request };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(inner);
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(named);
    }
    request
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn entered(uri: &str) -> (String, TenantId, String) {
        let request = enter(Request::builder().uri(uri).body(Body::empty()).unwrap());
        (request.uri().to_string(), tenant(&request), full(&request))
    }

    #[test]
    fn an_address_names_its_tenant() {
        for (given, inner, tenant) in [
            ("/console", "/console", "default"),
            ("/console/users?page=2", "/console/users?page=2", "default"),
            ("/console/tenant/acme", "/console", "acme"),
            ("/console/tenant/acme?a=b", "/console?a=b", "acme"),
            ("/console/tenant/acme/users/u1?page=2", "/console/users/u1?page=2", "acme"),
            ("/console/tenant/acme/tenant/globex/users", "/console/tenant/globex/users", "acme"),
            ("/console/tenant/ac%6De/users", "/console/users", "ac%6De"),
            ("/console/tenant//users", "/console/users", ""),
            ("/oidc/auth", "/oidc/auth", "default"),
        ] {
            let (uri, named, full) = entered(given);
            assert_eq!((uri.as_str(), named.as_str(), full.as_str()), (inner, tenant, given));
        }
        // The tenant where the console lands has one address.
        assert_eq!(
            entered("/console/tenant/default/users"),
            ("/console/users".into(), landing(), "/console/users".into())
        );
    }
}
