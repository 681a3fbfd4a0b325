//! Stands in for the server where a connector is compiled for the machine itself: unit tests and benchmarks say what the
//! host answers.

use std::cell::RefCell;
use std::rc::Rc;

pub use crate::bindings::imports::keyway::host::http::{Error, Request, Response};

/// The server's side of the contract.
pub trait Host {
    /// Answers a request.
    fn fetch(&self, request: &Request) -> Result<Response, Error>;

    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64 {
        0
    }

    /// A UUID.
    fn uuid(&self) -> String {
        "00000000-0000-4000-8000-000000000000".to_owned()
    }

    /// Random bytes.
    fn random_bytes(&self, len: u32) -> Vec<u8> {
        vec![7; usize::try_from(len).unwrap_or_default()]
    }

    /// A value of the sign-in's session.
    fn session_get(&self, _key: &str) -> Option<String> {
        None
    }

    /// Keeps a value in the sign-in's session.
    fn session_set(&self, _key: &str, _value: &str) -> Result<(), String> {
        Ok(())
    }

    /// A value of the connector's cache.
    fn cache_get(&self, _key: &str) -> Option<Vec<u8>> {
        None
    }

    /// Keeps a value in the connector's cache.
    fn cache_set(&self, _key: &str, _value: &[u8], _ttl_seconds: u32) -> Result<(), String> {
        Ok(())
    }

    /// Forgets a value of the connector's cache.
    fn cache_delete(&self, _key: &str) {}

    /// Takes a line of the log.
    fn log(&self, _line: &str) {}
}

/// Refuses every request: what a connector meets outside [`with_host`].
struct Nobody;

impl Host for Nobody {
    fn fetch(&self, _: &Request) -> Result<Response, Error> {
        Err(Error::Unreachable)
    }
}

thread_local! {
    static HOST: RefCell<Rc<dyn Host>> = RefCell::new(Rc::new(Nobody));
}

/// Runs `work` with `host` behind every host call of this thread.
pub fn with_host<T>(host: Rc<dyn Host>, work: impl FnOnce() -> T) -> T {
    let before = HOST.replace(host);
    let result = work();
    HOST.set(before);
    result
}

pub(crate) fn host() -> Rc<dyn Host> {
    HOST.with_borrow(Rc::clone)
}
