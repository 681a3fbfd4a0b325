//! The OpenAPI 3.1 document of a Management API, collected from the handlers.

use std::sync::LazyLock;

use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{OpenApi as _, PartialSchema as _, ToSchema as _};

use crate::declaration::Operations;
use crate::error::ErrorBody;
use crate::management;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Keyway Management API",
        description = "Administers applications, connectors, users and settings. Call it with a Bearer token for the resource \
                       `https://default.logto.app/api` and the scope `all`, which a machine-to-machine application gets by \
                       `client_credentials`."
    ),
    security(("management" = []))
)]
struct Description;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Keyway Operators API",
        description = "Administers tenants, at the operators' address. Call it with a Bearer token for the resource \
                       `https://admin.logto.app/api` and the scope `all`, which a machine-to-machine application of the operators' \
                       tenant gets by `client_credentials`: `keyway admin create-m2m --tenant admin` makes one."
    ),
    security(("management" = []))
)]
struct OperatorsDescription;

/// The document of a tenant of users.
pub fn openapi() -> &'static OpenApi {
    static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(|| document(Description::openapi(), management::operations()));
    &DOCUMENT
}

/// The document of the operators' tenant.
pub fn operators_openapi() -> &'static OpenApi {
    static DOCUMENT: LazyLock<OpenApi> =
        LazyLock::new(|| document(OperatorsDescription::openapi(), management::operators_operations()));
    &DOCUMENT
}

fn document(mut document: OpenApi, operations: Operations) -> OpenApi {
    let (paths, components) = operations.into_documentation();
    document.paths = paths;
    document.components = Some(components);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = document.components.get_or_insert_default();
    components.schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    components.add_security_scheme("management", SecurityScheme::Http(bearer));
    document
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_operation_is_described() {
        for (document, least) in [(super::openapi(), 21), (super::operators_openapi(), 2)] {
            let document = serde_json::to_value(document).unwrap();
            assert_eq!(document["openapi"], "3.1.0");
            let paths = document["paths"].as_object().unwrap();
            assert!(paths.len() >= least, "{}", paths.len());
            for (path, operations) in paths {
                for (method, operation) in operations.as_object().unwrap() {
                    assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
                    assert!(!operation["responses"].as_object().unwrap().is_empty(), "{method} {path}");
                }
            }
        }
    }
}
