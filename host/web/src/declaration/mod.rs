//! A route's declaration: method, path, scope and handler. It yields the route, the operation of the OpenAPI document (whose
//! parameters, body and answers are those of the handler's own types) and the row of the authorization table that the guard reads.

mod authorization;
mod describe;
mod pages;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use keyway_model::resource::ManagementScope;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Components, HttpMethod, ObjectBuilder, Paths, RefOr, Required, ResponseBuilder, Schema, Type};

use crate::Web;
use describe::{DescribeHandler, error_response};

pub use authorization::AuthorizationTable;
pub use describe::{Describe, Description};
pub use pages::Pages;

/// One operation of an API.
pub struct Operation {
    method: Method,
    path: &'static str,
    scope: ManagementScope,
    summary: &'static str,
    route: MethodRouter<Web>,
    describe: fn(&mut Description),
    refusals: &'static [u16],
}

/// A constructor for each method: path, scope, a summary in a few words, and the handler.
macro_rules! methods {
    ($($name:ident $method:ident;)*) => {$(
        #[doc = concat!("An operation by `", stringify!($method), "`.")]
        pub fn $name<H, T>(path: &'static str, scope: ManagementScope, summary: &'static str, handler: H) -> Operation
        where
            H: Handler<T, Web> + DescribeHandler<T>,
            T: 'static,
        {
            let route = on(MethodFilter::$method, handler);
            Operation { method: Method::$method, path, scope, summary, route, describe: H::describe, refusals: &[] }
        }
    )*};
}

methods! {
    get GET;
    post POST;
    put PUT;
    patch PATCH;
    delete DELETE;
}

impl Operation {
    /// Statuses of refusals beside those that follow from the handler's types.
    #[must_use]
    pub fn refusing(self, statuses: &'static [u16]) -> Self {
        Self { refusals: statuses, ..self }
    }

    /// Takes a body of so many bytes.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.route = self.route.layer(DefaultBodyLimit::max(bytes));
        self
    }

    /// The operation's item in the documentation, and the schemas that it refers to.
    fn document(&self, tag: &str) -> (OperationBuilder, Vec<(String, RefOr<Schema>)>) {
        let mut description = Description::default();
        (self.describe)(&mut description);
        let mut names = parameters(self.path).peekable();
        let mut refusals = description.refusals;
        refusals.extend(self.refusals);
        // Every address can hold a null character or be no UTF-8.
        refusals.extend([400, 401, 403]);
        if names.peek().is_some() {
            refusals.insert(404);
        }
        let mut operation = OperationBuilder::new().tag(tag).summary(Some(self.summary));
        operation = operation.operation_id(Some(operation_id(self.summary)));
        for name in names {
            let text = ObjectBuilder::new().schema_type(Type::String);
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
            operation = operation.parameter(parameter.required(Required::True).schema(Some(text)));
        }
        for parameter in description.parameters {
            operation = operation.parameter(parameter);
        }
        for (status, content) in description.answers {
            let response = ResponseBuilder::new().description("");
            let response =
                content.into_iter().fold(response, |response, one| response.content("application/json", one));
            operation = operation.response(status.to_string(), response.build());
        }
        for status in refusals {
            operation = operation.response(status.to_string(), error_response());
        }
        (operation.request_body(description.body), description.schemas)
    }
}

/// The names of a path's parameters.
fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// `ListUserSessions` for "List a user's sessions".
fn operation_id(summary: &str) -> String {
    let words = summary.split(' ').filter(|word| !["a", "an", "the"].contains(word));
    let mut id = String::new();
    for word in words.map(|word| word.trim_end_matches("'s")) {
        let mut letters = word.chars().filter(char::is_ascii_alphanumeric);
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.extend(letters);
    }
    id
}

fn http_method(method: &Method) -> HttpMethod {
    match method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

/// Operations, each with the heading of the documentation that it stands under.
#[derive(Default)]
pub struct Operations {
    tag: &'static str,
    all: Vec<(&'static str, Operation)>,
}

impl Operations {
    /// Operations under a heading of the documentation.
    pub fn of(tag: &'static str) -> Self {
        Self { tag, all: Vec::new() }
    }

    /// With one more.
    #[must_use]
    pub fn add(mut self, operation: Operation) -> Self {
        self.all.push((self.tag, operation));
        self
    }

    /// With those of another heading.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.all.extend(other.all);
        self
    }

    /// The routes, and what each asks for.
    pub fn into_router(self) -> (Router<Web>, AuthorizationTable) {
        let (mut router, mut authorization) = (Router::new(), AuthorizationTable::default());
        for (_, operation) in self.all {
            authorization.add(operation.method, operation.path, operation.scope);
            router = router.route(operation.path, operation.route);
        }
        (router, authorization)
    }

    /// The documentation: paths, and the schemas that they refer to.
    pub fn into_documentation(self) -> (Paths, Components) {
        let (mut paths, mut components) = (Paths::default(), Components::default());
        for (tag, operation) in self.all {
            let (item, schemas) = operation.document(tag);
            paths.add_path_operation(operation.path, vec![http_method(&operation.method)], item.build());
            components.schemas.extend(schemas);
        }
        (paths, components)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_named_after_its_summary() {
        assert_eq!(operation_id("List a user's sessions"), "ListUserSessions");
        assert_eq!(operation_id("Tell whether a user has a password"), "TellWhetherUserHasPassword");
        assert_eq!(parameters("/api/users/{userId}/roles/{roleId}").collect::<Vec<_>>(), ["userId", "roleId"]);
    }
}
