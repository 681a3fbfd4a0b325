//! Builds, checks and tests connectors without a server: what `keyway connector` does.
//!
//! The component under test is the very file that an admin uploads, in the real sandbox; only the provider is a script.

mod bindings;
#[cfg(test)]
mod bombs;
pub mod build;
pub mod case;
pub mod cli;
mod conformance;
mod lines;
mod new;
mod project;
mod publish;
mod record;
mod sdk;
mod sign;
mod stage;
mod suite;

pub use conformance::conform;
pub use new::{Kind, new};
pub use project::{Language, Project};
pub use stage::Stage;
pub use suite::{Totals, run_suite};
