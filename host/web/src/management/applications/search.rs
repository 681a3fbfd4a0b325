//! What the parameters of `GET /api/applications` ask for.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keyway_core::applications::ApplicationFilter;
use keyway_model::application::ApplicationType;
use keyway_model::reason::AnyOf;
use keyway_model::{Reason, Refusal, RoleId};
use utoipa::openapi::Type;

use crate::Web;
use crate::declaration::{Describe, Description};
use crate::error::WebError;

const TYPES: AnyOf = AnyOf(&["Native", "SPA", "Traditional", "MachineToMachine"]);

/// `types` may be given several times, `search` is what id, name or description are like.
pub struct ApplicationsQuery(pub ApplicationFilter);

impl FromRequestParts<Web> for ApplicationsQuery {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, WebError> {
        Ok(Self(parse(parts.uri.query().unwrap_or_default())?))
    }
}

impl Describe for ApplicationsQuery {
    fn describe(operation: &mut Description) {
        operation.query("types", Type::String);
        operation.query("search", Type::String);
        operation.query("excludeRoleId", Type::String);
        operation.query("isThirdParty", Type::Boolean);
    }
}

fn parse(query: &str) -> Result<ApplicationFilter, Refusal> {
    let mut filter = ApplicationFilter::default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "types" => {
                let kind = ApplicationType::from_name(&value);
                let unknown = || Refusal::invalid_input("types", Reason::OneOf { names: TYPES });
                let kind = kind.ok_or_else(unknown)?;
                if !filter.kinds.contains(&kind) {
                    filter.kinds.push(kind);
                }
            }
            "search" => filter.search = Some(value.into_owned()).filter(|text| !text.is_empty()),
            "excludeRoleId" => filter.without_role = Some(RoleId(value.into_owned())),
            "isThirdParty" => filter.is_third_party = Some(value == "true"),
            _ => {}
        }
    }
    Ok(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_given_once_or_more_and_must_exist() {
        let filter = parse("types=SPA&types=Native&types=SPA&search=%25shop%25&isThirdParty=false").unwrap();
        assert_eq!(filter.kinds, [ApplicationType::Spa, ApplicationType::Native]);
        assert_eq!((filter.search.as_deref(), filter.is_third_party), (Some("%shop%"), Some(false)));
        assert!(parse("types=Toaster").is_err());
        assert!(parse("page=2").unwrap().kinds.is_empty());
    }
}
