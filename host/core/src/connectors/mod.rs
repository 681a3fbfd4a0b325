//! Connectors: the loaded components, their configurations, and delivery through them.

mod configure;
mod deliver;
mod registry;
mod schema;

pub use configure::NewConnector;
pub(crate) use deliver::kind_for;
pub use registry::{Factory, Registry};
