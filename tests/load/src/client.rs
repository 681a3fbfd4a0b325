//! One keep-alive connection with a cookie jar.

use std::net::Ipv4Addr;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};

/// A browser as the server sees it.
pub struct Client {
    sender: SendRequest<Full<Bytes>>,
    cookies: Vec<(String, String)>,
}

/// What came back.
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// `Location`, or empty.
    pub location: String,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; anything but success is an error.
    pub fn json(&self) -> anyhow::Result<Value> {
        let text = || String::from_utf8_lossy(&self.body).into_owned();
        anyhow::ensure!(self.status.is_success(), "{}: {}", self.status, text());
        if self.body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&self.body).with_context(text) }
    }
}

/// A connection to the server from an address of this machine.
pub async fn connect(address: Ipv4Addr, port: u16) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((address, 0).into())?;
    let stream = socket.connect((Ipv4Addr::LOCALHOST, port).into()).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Client {
    /// Opens the connection.
    pub async fn connect(port: u16) -> anyhow::Result<Self> {
        Self::connect_from(Ipv4Addr::LOCALHOST, port).await
    }

    /// Opens the connection from an address of this machine.
    pub async fn connect_from(address: Ipv4Addr, port: u16) -> anyhow::Result<Self> {
        let stream = connect(address, port).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, cookies: Vec::new() })
    }

    /// Forgets the cookies: the next request is another person's.
    pub fn forget(&mut self) {
        self.cookies.clear();
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        self.keep_cookies(&response);
        let status = response.status();
        let location = response.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let location = location.to_owned();
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Answer { status, location, body })
    }

    fn keep_cookies<B>(&mut self, response: &Response<B>) {
        for header in response.headers().get_all(SET_COOKIE) {
            let pair = header.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            self.cookies.retain(|(other, _)| other != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// A request with a body of the given type, and a header of authorisation.
    pub async fn request(
        &mut self,
        method: &str,
        path: &str,
        body: Option<(&str, String)>,
        authorization: Option<&str>,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, "localhost");
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let content = match body {
            Some((kind, text)) => {
                request = request.header(CONTENT_TYPE, kind);
                Bytes::from(text)
            }
            None => Bytes::new(),
        };
        self.send(request.body(Full::new(content))?).await
    }

    /// A JSON request that must succeed.
    pub async fn json(&mut self, method: &str, path: &str, body: Value) -> anyhow::Result<Value> {
        let body = Some(("application/json", body.to_string()));
        let answer = self.request(method, path, body, None).await?;
        answer.json().with_context(|| format!("{method} {path}"))
    }

    /// A form that must succeed.
    pub async fn form(&mut self, path: &str, form: &str, authorization: Option<&str>) -> anyhow::Result<Value> {
        let body = Some(("application/x-www-form-urlencoded", form.to_owned()));
        self.request("POST", path, body, authorization).await?.json().with_context(|| format!("POST {path}"))
    }
}
