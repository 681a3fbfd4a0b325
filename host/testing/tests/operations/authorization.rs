//! Who may call the Management API.

use http::Method;
use keyway_core::Cx;
use keyway_core::applications::{self, NewApplication};
use keyway_testing::{TestServer, on_both};
use serde_json::json;

use super::text;

on_both! {
    async fn privilege_escalation_every_operation_asks_for_a_token_with_its_scope(database: Database) {
        let server = TestServer::start(database).await;
        let robot = json!({ "name": "Robot", "type": "MachineToMachine" });
        let robot = server.api(Method::POST, "/applications", Some(robot)).await.expect(200).json();
        let secrets = [("client_id", text(&robot, "id")), ("client_secret", text(&robot, "secret"))];
        let grant = [("grant_type", "client_credentials"), ("resource", "https://default.logto.app/api")];
        let form = [secrets, grant].concat();
        let token = server.browser("203.0.113.7").post_form("/oidc/token", &form).await.expect(200).json();
        let token = text(&token, "access_token").to_owned();
        let operations = serde_json::to_value(keyway_web::openapi()).unwrap()["paths"].clone();
        let mut called = 0;
        for (path, item) in operations.as_object().unwrap() {
            let path = path.replace(['{', '}'], "");
            for method in item.as_object().unwrap().keys() {
                let method: Method = method.to_uppercase().parse().unwrap();
                for (authorization, status, code) in [
                    (None, 401, "auth.authorization_header_missing"),
                    (Some("Basic eDp5".to_owned()), 401, "auth.authorization_token_type_not_supported"),
                    (Some("Bearer x".to_owned()), 401, "auth.unauthorized"),
                    (Some(format!("Bearer {token}")), 403, "auth.forbidden"),
                ] {
                    let mut caller = server.browser("203.0.113.7");
                    if let Some(value) = authorization {
                        caller = caller.with_header("authorization", &value);
                    }
                    let answer = caller.json(method.clone(), &path, Some(json!({}))).await;
                    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{method} {path}");
                }
                called += 1;
            }
        }
        assert!(called > 70, "{called}");
    }

    async fn privilege_escalation_every_operation_of_the_operators_asks_for_a_token_with_its_scope(database: Database) {
        let server = TestServer::start(database).await;
        let operators = Cx::system(&server.core, "admin".into());
        let robot = applications::create(&operators, NewApplication::machine("Robot".into())).await.unwrap();
        let secret = applications::secrets(&operators, &robot.id).await.unwrap().remove(0).value;
        let form = [
            ("client_id", robot.id.as_str()), ("client_secret", &secret), ("grant_type", "client_credentials"),
            ("resource", "https://admin.logto.app/api"),
        ];
        let token = server.operators_browser("203.0.113.7").post_form("/oidc/token", &form).await.expect(200).json();
        let bearer = format!("Bearer {}", text(&token, "access_token"));
        let operations = serde_json::to_value(keyway_web::operators_openapi()).unwrap()["paths"].clone();
        for (path, item) in operations.as_object().unwrap() {
            let path = path.replace(['{', '}'], "");
            for method in item.as_object().unwrap().keys() {
                let method: Method = method.to_uppercase().parse().unwrap();
                let mut stranger = server.operators_browser("203.0.113.7");
                stranger.json(method.clone(), &path, Some(json!({}))).await.expect(401);
                let mut robot = stranger.with_header("authorization", &bearer);
                robot.json(method, &path, Some(json!({}))).await.expect(403);
            }
        }
    }
}
