//! Logto's advanced user search: what the parameters of `GET /api/users` ask for.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keyway_core::users::{UserField, UserMatch, UserSearch};
use keyway_model::reason::AnyOf;
use keyway_model::{Reason, Refusal, RoleId};
use utoipa::openapi::Type;

use crate::Web;
use crate::declaration::{Describe, Description};
use crate::error::WebError;

const FIELDS: [(&str, UserField); 5] = [
    ("id", UserField::Id),
    ("primaryEmail", UserField::PrimaryEmail),
    ("primaryPhone", UserField::PrimaryPhone),
    ("username", UserField::Username),
    ("name", UserField::Name),
];

/// Names of the fields, for a refusal.
const FIELD_NAMES: AnyOf = AnyOf(&["id", "primaryEmail", "primaryPhone", "username", "name"]);

/// Conditions and values that one search may have.
const MAX_VALUES: usize = 100;
/// Longest value.
const LONGEST: usize = 256;

/// The field after the point; none is all fields.
fn field(parameter: &str, prefix: &str) -> Result<Option<UserField>, Refusal> {
    let Some(name) = parameter.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) else { return Ok(None) };
    let found = FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| Some(*field));
    found.ok_or_else(|| Refusal::invalid_input(parameter, Reason::Field { names: FIELD_NAMES }))
}

fn is_exact(parameter: &str, value: &str) -> Result<bool, Refusal> {
    match value {
        "like" => Ok(false),
        "exact" => Ok(true),
        "similar_to" | "posix" => Err(Refusal::invalid_input(parameter, Reason::PatternsUnsupported)),
        _ => Err(Refusal::invalid_input(parameter, Reason::OneOf { names: AnyOf(&["like", "exact"]) })),
    }
}

fn switch(parameter: &str, value: &str) -> Result<bool, Refusal> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "y" | "yes" | "yeah" => Ok(true),
        "" | "0" | "false" | "n" | "no" => Ok(false),
        _ => Err(Refusal::invalid_input(parameter, Reason::OneOf { names: AnyOf(&["true", "false"]) })),
    }
}

/// What the query asks for. `search` is compared with id, names and identifiers, `search.{field}` with one of them; `%` stands
/// for anything, `mode` or `mode.{field}` is `like` or `exact`, `joint` is `or` or `and`.
pub struct Searched(pub Option<UserSearch>);

impl FromRequestParts<Web> for Searched {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, WebError> {
        Ok(Self(parse(parts.uri.query().unwrap_or_default())?))
    }
}

impl Describe for Searched {
    fn describe(operation: &mut Description) {
        operation.query("search", Type::String);
        operation.query("excludeRoleId", Type::String);
    }
}

/// Reads the query; none when it asks for everybody. What it does not know is refused: a filter that is passed over would list
/// everybody to a program that changes what it finds.
pub fn parse(query: &str) -> Result<Option<UserSearch>, Refusal> {
    let mut modes: Vec<(Option<UserField>, bool)> = Vec::new();
    let mut values: Vec<(String, Option<UserField>, String)> = Vec::new();
    let (mut all, mut case_sensitive, mut without_role) = (false, false, None);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let (name, value) = (name.as_ref(), value.into_owned());
        match name {
            "page" | "page_size" => {}
            "joint" | "jointMode" => match value.as_str() {
                "and" => all = true,
                "or" | "" => all = false,
                _ => return Err(Refusal::invalid_input(name, Reason::Joint)),
            },
            "excludeRoleId" => without_role = Some(RoleId(value)),
            "isCaseSensitive" => case_sensitive = switch(name, &value)?,
            _ if name == "mode" || name.starts_with("mode.") => {
                modes.push((field(name, "mode")?, is_exact(name, &value)?));
            }
            _ if name == "search" || name.starts_with("search.") => {
                if value.is_empty() || value.len() > LONGEST || value.contains('\0') {
                    return Err(Refusal::invalid_input(name, Reason::LengthInBytes { least: 1, most: LONGEST }));
                }
                values.push((name.to_owned(), field(name, "search")?, value));
            }
            _ => return Err(Refusal::invalid_input(name, Reason::NoSuchParameter)),
        }
        if values.len() + modes.len() > MAX_VALUES {
            return Err(Refusal::invalid_input("search", Reason::TooManyValues));
        }
    }
    let mode_of = |field: Option<UserField>| {
        let set =
            |wanted: Option<UserField>| modes.iter().rev().find(|(one, _)| *one == wanted).map(|(_, exact)| *exact);
        set(field).or_else(|| set(None)).unwrap_or(false)
    };
    let mut matches: Vec<UserMatch> = Vec::new();
    for (name, field, value) in values {
        let exact = mode_of(field);
        match matches.iter_mut().find(|known| known.field == field) {
            Some(known) if exact => known.values.push(value),
            Some(_) => return Err(Refusal::invalid_input(&name, Reason::ManyValuesNotExact)),
            None => matches.push(UserMatch { field, exact, values: vec![value] }),
        }
    }
    let is_search = !matches.is_empty() || without_role.is_some();
    Ok(is_search.then_some(UserSearch { matches, all, case_sensitive, without_role, of_role: None }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        for bad in [
            "search.foo=x",
            "search.name.first=x",
            "mode=fuzzy",
            "search.name=a&mode.name=posix",
            "search=",
            "serach=x",
            "search.name=a&search.name=b",
            "joint=xor&search=a",
            "isCaseSensitive=maybe&search=a",
            "hasRoleId=r",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse("").unwrap().is_none() && parse("page=2&page_size=5&mode=exact").unwrap().is_none());
    }

    #[test]
    fn values_belong_to_their_fields_and_modes() {
        let found = parse(
            "search.primaryEmail=a%40b.c&search.primaryEmail=d%40e.f&mode.primaryEmail=exact&search.name=%25x&joint=and",
        );
        let found = found.unwrap().unwrap();
        assert!(found.all && !found.case_sensitive);
        let [email, name] = found.matches.as_slice() else { unreachable!("two fields") };
        assert_eq!((email.exact, email.values.len(), email.field), (true, 2, Some(UserField::PrimaryEmail)));
        assert_eq!((name.exact, name.values.as_slice()), (false, &["%x".to_owned()][..]));
    }
}
