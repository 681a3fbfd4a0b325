use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyway_testing::{TestServer, on_both};

use super::Transcript;

/// One pixel.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// A form with one part.
fn form(name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.png\"\r\n\r\n");
    [head.as_bytes(), bytes, b"\r\n--b--\r\n"].concat()
}

on_both! {
    async fn user_assets(database: Database) {
        let server = TestServer::start(database).await;
        let mut calls = Transcript::new(&server);
        calls.call("GET /user-assets/service-status").await;
        let (upload, kind) = ("POST /user-assets", "multipart/form-data; boundary=b");
        calls.send_bytes(upload, kind, "a picture", form("file", &STANDARD.decode(PNG).unwrap())).await;
        for (shown, body) in [
            ("no picture", form("file", b"<svg xmlns='http://www.w3.org/2000/svg'/>")),
            ("a part of another name", form("picture", b"")),
            ("no form", b"text".to_vec()),
            ("more than 8 MiB", form("file", &vec![0; 8 * 1024 * 1024 + 16 * 1024])),
        ] {
            calls.send_bytes(upload, kind, shown, body).await;
        }
        calls.compare("images");
    }
}
