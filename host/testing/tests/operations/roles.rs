use keyway_testing::{TestServer, on_both};
use serde_json::{Value, json};

use super::{Transcript, text};

/// The id of what has this name in a list.
fn named<'v>(list: &'v Value, name: &str) -> &'v str {
    text(list.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap(), "id")
}

on_both! {
    async fn roles(database: Database) {
        let server = TestServer::start(database).await;
        let resource = json!({ "name": "Shop", "indicator": "https://shop.example/api" });
        let resource = server.api(http::Method::POST, "/resources", Some(resource)).await.expect(201).json();
        let scopes = format!("/resources/{}/scopes", text(&resource, "id"));
        let read = server.api(http::Method::POST, &scopes, Some(json!({ "name": "read" }))).await.expect(201).json();
        let all = server.api(http::Method::GET, "/resources", None).await.expect(200).json();
        let management = format!("/resources/{}/scopes", named(&all, "Logto Management API"));
        let everything = server.api(http::Method::GET, &management, None).await.expect(200).json();
        let (read, everything) = (text(&read, "id"), named(&everything, "all"));

        let mut calls = Transcript::new(&server);
        calls.call("GET /roles").await;
        let reader = json!({ "name": "Reader", "description": "Reads", "scopeIds": [read], "isDefault": true });
        let reader = calls.send("POST /roles", reader).await;
        let reader = format!("/roles/{}", text(&reader, "id"));
        let robot = calls.send("POST /roles", json!({ "name": "Robot", "type": "MachineToMachine" })).await;
        let robot = format!("/roles/{}", text(&robot, "id"));
        for body in [
            json!({ "name": "Reader" }),
            json!({ "name": "" }),
            json!({ "name": "A", "scopeIds": ["unknown"] }),
            json!({ "name": "A", "scopeIds": [everything] }),
            json!({ "name": "A", "type": "MachineToMachine", "isDefault": true }),
            json!({ "name": "A", "type": "Toaster" }),
            json!({}),
        ] {
            calls.send("POST /roles", body).await;
        }
        calls.call("GET /roles").await;
        calls.call(&format!("GET {reader}")).await;
        calls.call("GET /roles/unknown").await;
        calls.call(&format!("GET {reader}/scopes")).await;
        calls.call("GET /roles/unknown/scopes").await;
        calls.send(&format!("POST {robot}/scopes"), json!({ "scopeIds": [everything, read] })).await;
        calls.send(&format!("POST {robot}/scopes"), json!({ "scopeIds": [read] })).await;
        calls.send(&format!("POST {reader}/scopes"), json!({ "scopeIds": [everything] })).await;
        calls.send(&format!("POST {reader}/scopes"), json!({ "scopeIds": ["unknown"] })).await;
        calls.send(&format!("POST {reader}/scopes"), json!({})).await;
        calls.send("POST /roles/unknown/scopes", json!({ "scopeIds": [read] })).await;
        calls.call(&format!("DELETE {robot}/scopes/{everything}")).await;
        calls.call(&format!("DELETE {robot}/scopes/{everything}")).await;
        calls.call(&format!("GET {robot}/scopes")).await;
        calls.send(&format!("POST {reader}/scopes"), json!({ "scopeIds": [] })).await;
        calls.send(&format!("POST {reader}/scopes"), json!({ "scopeIds": [read] })).await;
        for body in [
            json!({ "name": "Reads all", "description": "Everything", "isDefault": false }),
            json!({ "name": "Robot" }),
            json!({ "name": "" }),
            json!({}),
        ] {
            calls.send(&format!("PATCH {reader}"), body).await;
        }
        calls.send(&format!("PATCH {robot}"), json!({ "isDefault": true })).await;
        calls.send("PATCH /roles/unknown", json!({ "name": "A" })).await;
        calls.call("GET /roles?type=User&search=%25all%25").await;
        calls.call("GET /roles?search=%25reads%25&page_size=1").await;
        calls.call("GET /roles?type=Toaster").await;
        calls.call("GET /roles?page=0").await;
        calls.call(&format!("GET {reader}/scopes?search=%25ea%25&page=1&page_size=5")).await;
        calls.call(&format!("GET {reader}/scopes?search=%25write%25")).await;
        calls.call(&format!("GET {reader}/scopes?page=0")).await;
        calls.call(&format!("DELETE {robot}")).await;
        calls.call(&format!("DELETE {robot}")).await;
        calls.compare("roles");
    }

    async fn roles_of_users_and_applications(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let mut calls = Transcript::new(&server);
        let role = calls.send("POST /roles", json!({ "name": "Reader" })).await;
        let role = text(&role, "id");
        let machines = calls.send("POST /roles", json!({ "name": "Robot", "type": "MachineToMachine" })).await;
        let machines = text(&machines, "id");
        let ada = calls.send("POST /users", json!({ "username": "ada" })).await;
        let robot = calls.send("POST /applications", json!({ "name": "Robot", "type": "MachineToMachine" })).await;

        let mine = format!("/users/{}/roles", text(&ada, "id"));
        calls.call(&format!("GET {mine}")).await;
        calls.send(&format!("POST {mine}"), json!({ "roleIds": [role] })).await;
        calls.send(&format!("POST {mine}"), json!({ "roleIds": [role] })).await;
        for body in [json!({ "roleIds": ["unknown"] }), json!({ "roleIds": [machines] }), json!({}), json!({ "roleIds": 1 })] {
            calls.send(&format!("POST {mine}"), body).await;
        }
        calls.send("POST /users/unknown/roles", json!({ "roleIds": [role] })).await;
        calls.call(&format!("GET {mine}")).await;
        calls.call("GET /users/unknown/roles").await;
        calls.call(&format!("DELETE {mine}/{role}")).await;
        calls.call(&format!("DELETE {mine}/{role}")).await;

        let its = format!("/applications/{}/roles", text(&robot, "id"));
        calls.call(&format!("GET {its}")).await;
        calls.send(&format!("POST {its}"), json!({ "roleIds": [machines] })).await;
        for body in [json!({ "roleIds": ["unknown"] }), json!({ "roleIds": [role] }), json!({})] {
            calls.send(&format!("POST {its}"), body).await;
        }
        calls.send(&format!("POST /applications/{}/roles", application.id), json!({ "roleIds": [machines] })).await;
        calls.send("POST /applications/unknown/roles", json!({ "roleIds": [machines] })).await;
        calls.call(&format!("GET {its}")).await;
        calls.call("GET /applications/unknown/roles").await;
        calls.call(&format!("GET /applications/{}/roles", application.id)).await;
        calls.call(&format!("DELETE {its}/{machines}")).await;
        calls.call(&format!("DELETE {its}/{machines}")).await;
        calls.send(&format!("PUT {its}"), json!({ "roleIds": [machines] })).await;
        for body in [json!({ "roleIds": ["unknown"] }), json!({ "roleIds": [role] }), json!({})] {
            calls.send(&format!("PUT {its}"), body).await;
        }
        calls.send(&format!("PUT /applications/{}/roles", application.id), json!({ "roleIds": [] })).await;
        calls.send("PUT /applications/unknown/roles", json!({ "roleIds": [] })).await;
        calls.send(&format!("PUT {mine}"), json!({ "roleIds": [role] })).await;
        for body in [json!({ "roleIds": ["unknown"] }), json!({ "roleIds": [machines] }), json!({})] {
            calls.send(&format!("PUT {mine}"), body).await;
        }
        calls.send("PUT /users/unknown/roles", json!({ "roleIds": [] })).await;
        calls.call(&format!("GET {mine}?search=%25read%25&page=1")).await;
        calls.call(&format!("GET {its}?page=1&page_size=1")).await;
        calls.call(&format!("GET {mine}?page=0")).await;
        calls.call(&format!("GET {its}?page=0")).await;
        calls.send(&format!("PUT {mine}"), json!({ "roleIds": [] })).await;
        calls.send(&format!("PUT {its}"), json!({ "roleIds": [] })).await;
        calls.compare("roles_of_users_and_applications");
    }

    async fn holders_of_roles(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let mut calls = Transcript::new(&server);
        let role = calls.send("POST /roles", json!({ "name": "Reader" })).await;
        let machines = calls.send("POST /roles", json!({ "name": "Robot", "type": "MachineToMachine" })).await;
        let (reader, robots) = (text(&role, "id"), text(&machines, "id"));
        let ada = calls.send("POST /users", json!({ "username": "ada" })).await;
        let bob = calls.send("POST /users", json!({ "username": "bob", "name": "Bob" })).await;
        let robot = calls.send("POST /applications", json!({ "name": "Robot", "type": "MachineToMachine" })).await;
        let (ada, bob, robot) = (text(&ada, "id"), text(&bob, "id"), text(&robot, "id"));

        let users = format!("/roles/{reader}/users");
        calls.send(&format!("POST {users}"), json!({ "userIds": [ada, bob] })).await;
        for body in [json!({ "userIds": [ada] }), json!({ "userIds": [] }), json!({ "userIds": [""] }), json!({ "userIds": ["unknown"] }), json!({})] {
            calls.send(&format!("POST {users}"), body).await;
        }
        calls.send(&format!("POST /roles/{robots}/users"), json!({ "userIds": [ada] })).await;
        calls.send("POST /roles/unknown/users", json!({ "userIds": [ada] })).await;
        calls.call(&format!("GET {users}?page_size=1")).await;
        calls.call(&format!("GET {users}?search=%25bo%25")).await;
        calls.call(&format!("GET {users}?serach=x")).await;
        calls.call("GET /roles/unknown/users").await;
        calls.call(&format!("GET /users?excludeRoleId={reader}")).await;
        calls.call(&format!("GET /roles?excludeUserId={ada}")).await;

        let applications = format!("/roles/{robots}/applications");
        calls.send(&format!("POST {applications}"), json!({ "applicationIds": [robot] })).await;
        for body in [
            json!({ "applicationIds": [robot] }),
            json!({ "applicationIds": [] }),
            json!({ "applicationIds": ["unknown"] }),
            json!({ "applicationIds": [application.id] }),
            json!({}),
        ] {
            calls.send(&format!("POST {applications}"), body).await;
        }
        calls.send(&format!("POST /roles/{reader}/applications"), json!({ "applicationIds": [robot] })).await;
        calls.send("POST /roles/unknown/applications", json!({ "applicationIds": [robot] })).await;
        calls.call(&format!("GET {applications}")).await;
        calls.call(&format!("GET {applications}?search=%25toaster%25")).await;
        calls.call(&format!("GET {applications}?page=0")).await;
        calls.call("GET /roles/unknown/applications").await;
        calls.call(&format!("GET /applications?types=MachineToMachine&types=SPA&excludeRoleId={robots}")).await;
        calls.call(&format!("GET /roles?excludeApplicationId={robot}&type=MachineToMachine")).await;
        calls.call("GET /roles").await;

        calls.call(&format!("DELETE {users}/{ada}")).await;
        calls.call(&format!("DELETE {users}/{ada}")).await;
        calls.call(&format!("DELETE {applications}/{robot}")).await;
        calls.call(&format!("DELETE {applications}/{robot}")).await;
        calls.compare("holders_of_roles");
    }
}
