//! The OpenAPI 3.1 document of the Management API, collected from the handlers.

use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{OpenApi as _, PartialSchema as _, ToSchema as _};

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

/// The document.
pub fn openapi() -> OpenApi {
    let mut document = Description::openapi();
    let (paths, components) = management::operations().into_documentation();
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
        let document = serde_json::to_value(super::openapi()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let paths = document["paths"].as_object().unwrap();
        assert!(paths.len() > 20, "{}", paths.len());
        for (path, operations) in paths {
            for (method, operation) in operations.as_object().unwrap() {
                assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
                assert!(!operation["responses"].as_object().unwrap().is_empty(), "{method} {path}");
            }
        }
    }
}
