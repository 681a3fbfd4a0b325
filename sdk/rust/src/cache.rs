//! Values that outlive a call, such as an access token of the provider. The manifest lists the feature `cache`.

use crate::{Failure, code};

/// A value that an earlier call kept.
pub fn get(key: &str) -> Option<String> {
    crate::host::cache_get(key).and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Keeps a value for `ttl_seconds`, a day at most.
pub fn set(key: &str, value: &str, ttl_seconds: u32) -> Result<(), Failure> {
    crate::host::cache_set(key, value.as_bytes(), ttl_seconds).map_err(|what| Failure::new(code::GENERAL, what))
}

/// Forgets a value.
pub fn delete(key: &str) {
    crate::host::cache_delete(key);
}
