//! The host functions: the server's own in a component, those of [`crate::native`] elsewhere.

use crate::bindings::imports::keyway::host::http::{Error, Request, Response};
pub use crate::bindings::imports::keyway::host::log::Level;
use crate::bindings::imports::keyway::host::smtp;

#[cfg(target_arch = "wasm32")]
mod calls {
    use super::{Error, Level, Request, Response, smtp};
    use crate::bindings::imports::keyway::host;

    pub fn fetch(request: &Request) -> Result<Response, Error> {
        host::http::fetch(request)
    }

    pub fn now_ms() -> u64 {
        host::clock::now_ms()
    }

    pub fn uuid() -> String {
        host::random::uuid()
    }

    pub fn random_bytes(len: u32) -> Vec<u8> {
        host::random::bytes(len)
    }

    pub fn log(level: Level, line: &str) {
        host::log::write(level, line);
    }

    pub fn cache_delete(key: &str) {
        host::cache::delete(key);
    }

    pub fn sign(algorithm: &str, key: &str, data: &[u8]) -> Result<Vec<u8>, String> {
        host::crypto::sign(algorithm, key, data)
    }

    pub fn verify_jwt(token: &str, rules: &str) -> Result<String, String> {
        host::crypto::verify_jwt(token, rules)
    }

    pub fn session_get(key: &str) -> Option<String> {
        host::session::get(key)
    }

    pub fn session_set(key: &str, value: &str) -> Result<(), String> {
        host::session::set(key, value)
    }

    pub fn cache_get(key: &str) -> Option<Vec<u8>> {
        host::cache::get(key)
    }

    pub fn cache_set(key: &str, value: &[u8], ttl_seconds: u32) -> Result<(), String> {
        host::cache::set(key, value, ttl_seconds)
    }

    pub fn send_mail(relay: &smtp::Relay, mail: &smtp::Mail) -> Result<String, smtp::Error> {
        smtp::send(relay, mail)
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod calls {
    use super::{Error, Level, Request, Response, smtp};
    use crate::native::host;

    pub fn fetch(request: &Request) -> Result<Response, Error> {
        host().fetch(request)
    }

    pub fn now_ms() -> u64 {
        host().now_ms()
    }

    pub fn uuid() -> String {
        host().uuid()
    }

    pub fn random_bytes(len: u32) -> Vec<u8> {
        host().random_bytes(len)
    }

    pub fn log(_: Level, line: &str) {
        host().log(line);
    }

    pub fn cache_delete(key: &str) {
        host().cache_delete(key);
    }

    pub fn sign(algorithm: &str, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        Err(format!("{algorithm} needs the server: test the component with `keyway connector test`"))
    }

    pub fn verify_jwt(_: &str, _: &str) -> Result<String, String> {
        Err("tokens need the server: test the component with `keyway connector test`".into())
    }

    pub fn session_get(key: &str) -> Option<String> {
        host().session_get(key)
    }

    pub fn session_set(key: &str, value: &str) -> Result<(), String> {
        host().session_set(key, value)
    }

    pub fn cache_get(key: &str) -> Option<Vec<u8>> {
        host().cache_get(key)
    }

    pub fn cache_set(key: &str, value: &[u8], ttl_seconds: u32) -> Result<(), String> {
        host().cache_set(key, value, ttl_seconds)
    }

    pub fn send_mail(_: &smtp::Relay, _: &smtp::Mail) -> Result<String, smtp::Error> {
        Err(smtp::Error::Invalid("mail needs the server: test the component with `keyway connector test`".into()))
    }
}

pub(crate) use calls::{
    cache_delete, cache_get, cache_set, fetch, log, now_ms, random_bytes, send_mail, session_get, session_set, sign,
    uuid, verify_jwt,
};
