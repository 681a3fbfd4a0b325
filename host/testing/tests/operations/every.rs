//! What every operation refuses in the same way.

use http::{Method, Request, header};
use keyway_testing::{TestServer, on_both};
use serde_json::Value;

/// An operation of the OpenAPI document: method, path below `/api`, and the media type of its body.
struct Operation {
    method: Method,
    path: String,
    takes: Option<String>,
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(keyway_web::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| Operation {
            method: method.to_uppercase().parse().unwrap(),
            path: path.clone(),
            takes: operation["requestBody"]["content"]
                .as_object()
                .map(|content| content.keys().next().unwrap().clone()),
        })
    });
    operations.collect()
}

/// The path with a value for each of its parameters.
fn filled(path: &str, value: &str) -> String {
    let part = |part: &str| match part {
        "{keyType}" => "private-keys".to_owned(),
        part if part.starts_with('{') => value.to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

async fn code(server: &TestServer, operation: &Operation, path: &str, media_type: &str, body: &str) -> (u16, String) {
    let request =
        Request::builder().method(operation.method.clone()).uri(path).header(header::CONTENT_TYPE, media_type);
    let answer = server.machine().send(request.body(body.to_owned().into()).unwrap()).await;
    (answer.status.as_u16(), answer.code())
}

on_both! {
    async fn parser_differential_a_body_is_of_its_media_type_and_an_object(database: Database) {
        let server = TestServer::start(database).await;
        let mut called = 0;
        for operation in operations() {
            let path = filled(&operation.path, "unknown");
            let place = format!("{} {path}", operation.method);
            let refused = (415, "request.unsupported_media_type".to_owned());
            match operation.takes.as_deref() {
                Some("application/json") => {
                    assert_eq!(code(&server, &operation, &path, "text/plain", "{}").await, refused, "{place}");
                    let invalid = (400, "guard.invalid_input".to_owned());
                    assert_eq!(code(&server, &operation, &path, "application/json", "[]").await, invalid, "{place}");
                    called += 1;
                }
                Some("multipart/form-data") => {
                    assert_eq!(code(&server, &operation, &path, "application/json", "{}").await, refused, "{place}");
                    called += 1;
                }
                _ => {}
            }
        }
        assert!(called > 25, "{called}");
    }

    async fn parser_differential_an_address_is_utf_8_without_null_and_names_a_parameter_once(database: Database) {
        let server = TestServer::start(database).await;
        for operation in operations().iter().filter(|operation| operation.path.contains("{id}")) {
            for value in ["%ff", "a%00b"] {
                let path = filled(&operation.path, value);
                let refused = code(&server, operation, &path, "application/json", "{}").await;
                assert_eq!(refused, (400, "guard.invalid_input".to_owned()), "{} {path}", operation.method);
            }
        }
        for operation in &operations() {
            let path = format!("{}?x=%00", filled(&operation.path, "unknown"));
            let refused = code(&server, operation, &path, "application/json", "{}").await;
            assert_eq!(refused, (400, "guard.invalid_input".to_owned()), "{} {path}", operation.method);
        }
        for path in ["/api/logs?page=1&page=1", "/api/connectors?target=a&target=b", "/api/users?page=1&page=2"] {
            let answer: Value = server.api(Method::GET, path.trim_start_matches("/api"), None).await.expect(400).json();
            assert_eq!(answer["code"], "guard.invalid_input", "{path}");
        }
    }
}
