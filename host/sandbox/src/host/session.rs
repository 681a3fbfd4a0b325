//! Small values that live as long as one sign-in.

use super::HostState;
use crate::contract::v1_0::bindings::keyway::host::session;

const MAX_BYTES: usize = 16 * 1024;

impl session::Host for HostState {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        self.count()?;
        Ok(self.session.get(&key).cloned())
    }

    async fn set(&mut self, key: String, value: String) -> wasmtime::Result<Result<(), String>> {
        self.count()?;
        if key.chars().any(char::is_control) {
            return Ok(Err("a key has no control characters".into()));
        }
        let others = self.session.iter().filter(|(other, _)| **other != key);
        let kept: usize = others.map(|(name, value)| name.len() + value.len()).sum();
        if kept + key.len() + value.len() > MAX_BYTES {
            return Ok(Err(format!("a session holds {MAX_BYTES} bytes at most")));
        }
        self.session.insert(key, value);
        self.session_changed = true;
        Ok(Ok(()))
    }
}
