//! The sandbox: runs connectors. The only room that speaks wasmtime and the only one that lets a request out.
//!
//! Every call gets a fresh instance, a wall-clock and a CPU budget, a memory cap, and an egress guard that knows the
//! hosts of its manifest. A breach is a typed error of that call and of nothing else.

mod bounded;
mod budget;
mod cache;
mod call;
mod compile;
mod component;
mod contract;
mod cpu_queue;
mod egress;
mod engine;
mod host;
#[cfg(test)]
mod hostile_input;
mod inspect;
mod load;
mod network;
mod prepared;
mod redact;
mod relay;

pub use budget::Budgets;
pub use call::{
    CacheEntry, CallError, CallOutcome, Context, Failure, HttpExchange, LogLevel, Message, Report, Start, WrittenLine,
};
pub use compile::{Compiler, compile};
pub use component::Component;
pub use contract::CONTRACT;
pub use egress::{Denied, EgressPolicy, FetchError, Request, Response, Rewrite, Transport};
pub use engine::{EngineSettings, LoadError, Sandbox};
pub use inspect::{MANIFEST_SECTION, Problem, inspect, manifest, read_manifest};
pub use network::Network;
