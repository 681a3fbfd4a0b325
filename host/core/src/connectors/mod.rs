//! Connectors: components and their life cycle, their configurations, and delivery through them.

mod check;
mod configure;
mod context;
mod deliver;
mod form;
mod registry;
mod schema;
mod seen;
mod social;
mod trust;
mod try_out;
mod upload;
mod versions;

pub use check::check_upload;
pub(crate) use configure::enabled_kinds;
pub use configure::{ConnectorChange, NewConnector, target_of};
pub(crate) use deliver::{Delivery, explain};
pub use form::form_items;
pub use keyway_sandbox::CONTRACT as CONTRACT_VERSION;
pub use registry::{Factory, Registry, Skew};
pub use schema::check as check_config;
pub(crate) use seen::Seen;
pub use seen::{CallTotals, Line};
pub use trust::{FourEyes, Trust, TrustPolicy};
pub use try_out::TestMessage;
pub use upload::{Upload, UploadTurn};
pub use versions::VersionView;
