//! Guest bindings made from `wit/`; connectors use the types around them.

pub use keyway_connector_email as email;
pub use keyway_connector_imports as imports;
pub use keyway_connector_sms as sms;
pub use keyway_connector_social as social;
pub use keyway_connector_social_tokens as social_tokens;
