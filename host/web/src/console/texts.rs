//! What the console says.

use crate::locale::Locale;

include!(concat!(env!("OUT_DIR"), "/console.rs"));
