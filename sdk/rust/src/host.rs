//! The host functions: the server's own in a component, those of [`crate::native`] elsewhere.

use crate::bindings::keyway::host::http::{Error, Request, Response};

#[cfg(target_arch = "wasm32")]
mod calls {
    use super::{Error, Request, Response};
    use crate::bindings::keyway::host;

    pub fn fetch(request: &Request) -> Result<Response, Error> {
        host::http::fetch(request)
    }

    pub fn now_ms() -> u64 {
        host::clock::now_ms()
    }

    pub fn uuid() -> String {
        host::random::uuid()
    }

    pub fn log(line: &str) {
        host::log::write(host::log::Level::Info, line);
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod calls {
    use super::{Error, Request, Response};
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

    pub fn log(line: &str) {
        host().log(line);
    }
}

pub(crate) use calls::{fetch, log, now_ms, uuid};
