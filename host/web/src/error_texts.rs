//! What refusals say to people.

use keyway_model::ErrorCode;

use crate::locale::Locale;

include!(concat!(env!("OUT_DIR"), "/errors.rs"));
