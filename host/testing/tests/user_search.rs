//! `GET /api/users` finds whom it is asked for and nobody else.

use http::Method;
use keyway_testing::{TestServer, on_both};
use serde_json::{Value, json};

async fn found(server: &TestServer, query: &str) -> Vec<String> {
    let answer = server.api(Method::GET, &format!("/users?{query}"), None).await.expect(200).json();
    let names = answer.as_array().into_iter().flatten().filter_map(|user| user.get("name").and_then(Value::as_str));
    let mut names: Vec<String> = names.map(ToOwned::to_owned).collect();
    names.sort();
    names
}

on_both! {
    async fn a_search_by_field_never_lists_everybody(database: Database) {
        let server = TestServer::start(database).await;
        for (name, email, username) in [
            ("Alice", "exact@example.com", "alice"),
            ("Bob", "notexact@example.com", "bob"),
            ("王小明", "ming@other.test", "ming"),
            ("李小明", "li@other.test", "li"),
            ("50% \\ off_er", "offer@other.test", "offer"),
            ("Ärger", "rage@other.test", "rage"),
        ] {
            let body = json!({ "name": name, "primaryEmail": email, "username": username });
            server.api(Method::POST, "/users", Some(body)).await.expect(200);
        }
        for (query, names) in [
            ("search.primaryEmail=exact%40example.com&mode.primaryEmail=exact", &["Alice"][..]),
            ("search=exact%40example.com&mode=exact", &["Alice"]),
            ("search=exact%40example.com", &["Alice"]),
            ("search=EXACT%40example.com", &["Alice"]),
            ("search=%25exact%40example.com", &["Alice", "Bob"]),
            ("search=%25exact%25", &["Alice", "Bob"]),
            ("search.username=nobody_here", &[]),
            ("search=lice", &[]),
            ("search.name=Alice&search.username=bob", &["Alice", "Bob"]),
            ("search.name=Alice&search.username=bob&joint=and", &[]),
            ("search.name=alice&isCaseSensitive=true", &[]),
            ("search.name=A%25&isCaseSensitive=true", &["Alice"]),
            ("search.name=Alice&search.name=Bob&mode=exact", &["Alice", "Bob"]),
            ("search=%25%E5%B0%8F%E6%98%8E%25", &["李小明", "王小明"]),
            ("search.name=Ärger&mode=exact", &["Ärger"]),
            ("search.name=Ä%25", &["Ärger"]),
            // A backslash takes the next sign literally; one at the end, and one in a search of the whole list, is itself.
            ("search=%25%5C", &[]),
            ("search.name=%25%5C%5C%25", &["50% \\ off_er"]),
            ("search.name=%25%5C%5C%25&isCaseSensitive=true", &["50% \\ off_er"]),
            ("search.name=50%5C%25%25", &["50% \\ off_er"]),
            ("search.name=50%5C%25%25&isCaseSensitive=true", &["50% \\ off_er"]),
            ("search.name=%25f%5C_e%25", &["50% \\ off_er"]),
            ("search.name=A%5C_ice", &[]),
            ("search.name=A%5C_ice&isCaseSensitive=true", &[]),
            ("search.name=A%5Clice&isCaseSensitive=true", &["Alice"]),
            ("search=%25off%5C_er%25", &["50% \\ off_er"]),
            ("search.name=%255%25f%25", &["50% \\ off_er"]),
        ] {
            assert_eq!(found(&server, query).await, names, "{query}");
        }
        for query in ["search.foo=x", "mode=fuzzy&search=a", "search=", "searchPrimaryEmail=a", "search.name=a%00b"] {
            let refused = server.api(Method::GET, &format!("/users?{query}"), None).await;
            assert_eq!(refused.status, 400, "{query}: {}", refused.body);
        }
    }
}
