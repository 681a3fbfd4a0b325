//! Connectors: components and their life cycle, their configurations, and delivery through them.

mod calls;
mod check;
mod config;
mod context;
mod create;
mod delete;
mod deliver;
mod error;
pub mod factories;
mod list;
mod registry;
mod rules;
mod schema;
mod social;
mod test_message;
mod trust;
mod update;

pub(crate) use calls::Calls;
pub use calls::{CallEntry, CallTotals, ConnectorLogLine, LogContent, OK, call_totals, log, milliseconds};
pub use check::check_upload;
pub use create::{NewConnector, WishedId, create, new_id};
pub use delete::delete;
pub use deliver::explain;
pub(crate) use deliver::{Delivery, deliver};
pub use error::ConnectorError;
pub use keyway_sandbox::{CONTRACT as CONTRACT_VERSION, LoadError, LogLevel, WrittenLine};
pub use list::{Configured, get, list};
pub(crate) use list::{enabled_kinds, stored};
pub use registry::{Factory, Registry, Skew};
pub use rules::target_of;
pub use schema::check as check_config;
pub(crate) use social::{authorization_uri, user_info};
pub use test_message::{TestError, TestMessage, send_test_message};
pub use trust::{FourEyes, Trust, TrustError, TrustPolicy};
pub use update::{ConnectorChange, update};
