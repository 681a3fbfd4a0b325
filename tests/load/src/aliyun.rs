//! Stands in for Aliyun: accepts every message and tells the generator its code.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;

type Codes = Arc<Mutex<HashMap<String, String>>>;

/// A running stand-in.
pub struct Aliyun {
    /// Its port on 127.0.0.1.
    pub port: u16,
    codes: Codes,
}

impl Aliyun {
    /// Listens on a free port.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let codes = Codes::default();
        let router = Router::new().route("/", post(send)).with_state(Arc::clone(&codes));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { port, codes })
    }

    /// Takes the code that was sent to a number.
    pub fn take(&self, phone: &str) -> Option<String> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).remove(phone)
    }

    /// Another handle to the same codes.
    pub fn share(&self) -> Self {
        Self { port: self.port, codes: Arc::clone(&self.codes) }
    }
}

async fn send(State(codes): State<Codes>, body: Bytes) -> &'static str {
    let mut phone = String::new();
    let mut code = String::new();
    for (name, value) in url::form_urlencoded::parse(&body) {
        match name.as_ref() {
            "PhoneNumbers" => phone = value.into_owned(),
            "TemplateParam" => code = value.chars().filter(char::is_ascii_digit).collect(),
            _ => {}
        }
    }
    codes.lock().unwrap_or_else(PoisonError::into_inner).insert(phone, code);
    r#"{"Code":"OK","Message":"OK","RequestId":"r","BizId":"b"}"#
}
