//! Small values that outlive a call. The server reads them before and writes what changed after it.

use super::HostState;
use crate::call::CacheEntry;
use crate::contract::v1_0::bindings::keyway::host::cache;

const MAX_KEYS: usize = 64;
const MAX_KEY_BYTES: usize = 128;
const MAX_BYTES: usize = 8 * 1024;
const MAX_SECONDS: u32 = 24 * 60 * 60;

impl cache::Host for HostState {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        self.count()?;
        let now = self.clock.now();
        Ok(self.cache.get(&key).filter(|entry| now < entry.expires_at).map(|entry| entry.value.clone()))
    }

    async fn set(&mut self, key: String, value: Vec<u8>, ttl_seconds: u32) -> wasmtime::Result<Result<(), String>> {
        self.count()?;
        if key.len() > MAX_KEY_BYTES || value.len() > MAX_BYTES {
            return Ok(Err(format!("a key has {MAX_KEY_BYTES} bytes at most, a value {MAX_BYTES}")));
        }
        if key.chars().any(char::is_control) {
            return Ok(Err("a key has no control characters".into()));
        }
        if self.cache.len() >= MAX_KEYS && !self.cache.contains_key(&key) {
            return Ok(Err(format!("a connector keeps {MAX_KEYS} values at most")));
        }
        let expires_at = self.clock.now().plus_seconds(i64::from(ttl_seconds.min(MAX_SECONDS)));
        let entry = CacheEntry { value, expires_at };
        self.cache.insert(key.clone(), entry.clone());
        self.cache_changes.insert(key, Some(entry));
        Ok(Ok(()))
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<()> {
        self.count()?;
        if self.cache.remove(&key).is_some() {
            self.cache_changes.insert(key, None);
        }
        Ok(())
    }
}
