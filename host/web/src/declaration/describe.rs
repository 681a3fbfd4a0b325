//! What a handler's types say about its operation.

use std::collections::BTreeSet;

use axum::Extension;
use axum::Json;
use axum::body::Body as RawBody;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use keyway_core::Cx;
use utoipa::IntoParams;
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::{
    ArrayBuilder, Content, KnownFormat, ObjectBuilder, Ref, RefOr, Required, Response as Documented, ResponseBuilder,
    Schema, SchemaFormat, Type,
};

use crate::Web;
use crate::error::{ErrorBody, WebError};
use crate::management::paging::Paged;
use crate::request::{Body, File, Object, OptionalBody, OptionalPagination, Pagination, Path, Query};
use crate::response::{Added, Created, NoContent};

/// What is known about an operation.
#[derive(Default)]
pub struct Description {
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<RequestBody>,
    pub(super) answers: Vec<(u16, Option<Content>)>,
    pub(super) refusals: BTreeSet<u16>,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl Description {
    fn content<T: ToSchema>(&mut self) -> Content {
        T::schemas(&mut self.schemas);
        Content::new(Some(T::schema()))
    }

    fn takes(&mut self, kind: &str, content: Content, required: Required) {
        self.body = Some(RequestBodyBuilder::new().content(kind, content).required(Some(required)).build());
    }

    fn answers<T: ToSchema>(&mut self, status: u16) {
        let content = self.content::<T>();
        self.answers.push((status, Some(content)));
    }

    /// A parameter of the query that may be absent.
    pub fn query(&mut self, name: &str, kind: Type) {
        let schema = ObjectBuilder::new().schema_type(kind);
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).schema(Some(schema));
        self.parameters.push(parameter.required(Required::False).build());
        self.refusals.insert(400);
    }
}

/// Something that a handler takes or answers.
pub trait Describe {
    /// Adds what it means for the operation.
    fn describe(operation: &mut Description);
}

/// A handler all of whose arguments and answers are described; the parameter is that of axum's own `Handler`.
pub trait DescribeHandler<Arguments> {
    /// Adds what the types mean for the operation.
    fn describe(operation: &mut Description);
}

impl<F, Answering, Answer> DescribeHandler<((),)> for F
where
    F: FnOnce() -> Answering,
    Answering: Future<Output = Answer>,
    Answer: Describe,
{
    fn describe(operation: &mut Description) {
        Answer::describe(operation);
    }
}

macro_rules! handlers {
    ($($($argument:ident)+;)*) => {$(
        impl<F, Kind, Answering, Answer, $($argument),+> DescribeHandler<(Kind, $($argument,)+)> for F
        where
            F: FnOnce($($argument),+) -> Answering,
            Answering: Future<Output = Answer>,
            Answer: Describe,
            $($argument: Describe,)+
        {
            fn describe(operation: &mut Description) {
                $($argument::describe(operation);)+
                Answer::describe(operation);
            }
        }
    )*};
}

handlers! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
}

/// What comes with a request without being a part of the operation.
macro_rules! unseen {
    ($($kind:ty),*) => {$(
        impl Describe for $kind {
            fn describe(_: &mut Description) {}
        }
    )*};
}

unseen!(State<Web>, Cx, Uri, HeaderMap);

impl<T> Describe for Extension<T> {
    fn describe(_: &mut Description) {}
}

/// The parameters of a path are read from the path.
impl<T> Describe for Path<T> {
    fn describe(_: &mut Description) {}
}

impl<T: IntoParams> Describe for Query<T> {
    fn describe(operation: &mut Description) {
        operation.parameters.extend(T::into_params(|| Some(ParameterIn::Query)));
        operation.refusals.insert(400);
    }
}

impl Describe for Pagination {
    fn describe(operation: &mut Description) {
        operation.query("page", Type::Integer);
        operation.query("page_size", Type::Integer);
    }
}

impl Describe for OptionalPagination {
    fn describe(operation: &mut Description) {
        Pagination::describe(operation);
    }
}

impl<T: ToSchema> Describe for Body<T> {
    fn describe(operation: &mut Description) {
        let content = operation.content::<T>();
        operation.takes("application/json", content, Required::True);
        operation.refusals.extend([400, 415]);
    }
}

impl<T: ToSchema> Describe for OptionalBody<T> {
    fn describe(operation: &mut Description) {
        let content = operation.content::<T>();
        operation.takes("application/json", content, Required::False);
        operation.refusals.extend([400, 415]);
    }
}

impl<T> Describe for Object<T> {
    fn describe(operation: &mut Description) {
        let content = Content::new(Some(ObjectBuilder::new().schema_type(Type::Object)));
        operation.takes("application/json", content, Required::True);
        operation.refusals.extend([400, 415]);
    }
}

fn bytes() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary))).into()
}

impl Describe for RawBody {
    fn describe(operation: &mut Description) {
        operation.takes("application/wasm", Content::new(Some(bytes())), Required::True);
        operation.refusals.extend([413, 422]);
    }
}

impl Describe for File {
    fn describe(operation: &mut Description) {
        let form = ObjectBuilder::new().property("file", bytes()).required("file");
        operation.takes("multipart/form-data", Content::new(Some(form)), Required::True);
        operation.refusals.extend([400, 413, 415]);
    }
}

impl<T: Describe, E> Describe for Result<T, E>
where
    WebError: From<E>,
{
    fn describe(operation: &mut Description) {
        T::describe(operation);
    }
}

impl<T: ToSchema> Describe for Json<T> {
    fn describe(operation: &mut Description) {
        operation.answers::<T>(200);
    }
}

impl<T: ToSchema> Describe for Created<T> {
    fn describe(operation: &mut Description) {
        operation.answers::<T>(201);
    }
}

impl Describe for Added {
    fn describe(operation: &mut Description) {
        operation.answers.push((201, None));
    }
}

impl Describe for NoContent {
    fn describe(operation: &mut Description) {
        operation.answers.push((204, None));
    }
}

impl<T: ToSchema> Describe for Paged<T> {
    fn describe(operation: &mut Description) {
        T::schemas(&mut operation.schemas);
        let items = ArrayBuilder::new().items(T::schema());
        operation.answers.push((200, Some(Content::new(Some(items)))));
    }
}

/// The answer to what is refused.
pub(super) fn error_response() -> RefOr<Documented> {
    let content = Content::new(Some(Ref::from_schema_name(ErrorBody::name())));
    ResponseBuilder::new().description("").content("application/json", content).build().into()
}
