use keyway_testing::{TestServer, on_both};
use serde_json::json;

use super::{Transcript, text};

on_both! {
    async fn logs(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let user = server.user("ada", "8613800000009", "correct horse battery").await;
        server.clock.turn(1);
        server.browser("203.0.113.7").sign_in(&application, "ada", "correct horse battery").await;
        server.clock.turn(1);
        let change = json!({ "name": "Ada", "primaryPhone": null });
        server.api(http::Method::PATCH, &format!("/users/{}", text(&user, "id")), Some(change)).await.expect(200);
        server.api(http::Method::DELETE, "/users/unknown", None).await.expect(404);
        let mut calls = Transcript::new(&server);
        calls.call(&format!("GET /logs?userId={}&logKey=Interaction.SignIn.Submit", text(&user, "id"))).await;
        calls.call(&format!("GET /logs?applicationId={}&logKey=Interaction.SignIn.Submit", application.id)).await;
        calls.call("GET /logs?logKey=Management.&page=1&page_size=2").await;
        let first = calls.call("GET /logs?logKey=Management.Users.Update").await;
        calls.call("GET /logs?start_time=1767225602000&end_time=1767225602000&logKey=Management.Users.Update").await;
        calls.call("GET /logs?end_time=1").await;
        for refused in ["start_time=x", "page=0", "userId=a&userId=b"] {
            calls.call(&format!("GET /logs?{refused}")).await;
        }
        calls.call(&format!("GET /logs/{}", text(&first[0], "id"))).await;
        calls.call("GET /logs/unknown").await;
        calls.compare("audit_logs");
    }
}
