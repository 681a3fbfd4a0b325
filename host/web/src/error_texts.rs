//! What refusals say to people.

use std::sync::LazyLock;

use keyway_model::ErrorCode;

use crate::locale::{Bundle, Locale, say};

include!(concat!(env!("OUT_DIR"), "/errors.rs"));
