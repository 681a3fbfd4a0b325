//! Values that live as long as one sign-in. The manifest lists the feature `session`.

use crate::{Failure, code};

/// A value that was kept while the authorization address was made.
pub fn get(key: &str) -> Option<String> {
    crate::host::session_get(key)
}

/// Keeps a value until the browser is back.
pub fn set(key: &str, value: &str) -> Result<(), Failure> {
    crate::host::session_set(key, value).map_err(|what| Failure::new(code::GENERAL, what))
}
