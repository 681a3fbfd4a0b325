//! What a person proves, one file per way: how the proof begins, and what ends it.

pub mod code;
pub mod new_password_identity;
pub mod password;
pub mod send_code;
pub mod social;
pub mod social_offers;
