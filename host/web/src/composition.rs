//! How sentences are put together from parts.

use std::sync::LazyLock;

use crate::locale::{Bundle, Locale, say};

include!(concat!(env!("OUT_DIR"), "/composition.rs"));
