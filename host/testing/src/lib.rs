//! A whole server inside a test: either database, a clock that the test turns, a seeded random source, the real sandbox
//! with the real inbox connector whose messages the test reads, and callers of every kind.
//!
//! ```text
//! on_both! {
//!     async fn a_code_signs_up(database: Database) {
//!         let server = TestServer::start(database).await;
//!         let application = server.application().await;
//!         let mut browser = server.browser("203.0.113.7");
//!         browser.authorize(&application).await;
//!         …
//!         server.clock.turn(600);
//!     }
//! }
//! ```
//!
//! `cargo xtask test` gives `KEYWAY_TEST_POSTGRES` (a PostgreSQL server) and `KEYWAY_CONNECTORS` (built connectors).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test stops where it fails"
)]

mod browser;
mod clock;
mod compiled;
mod database;
mod inbox;
mod module;
mod server;

pub use browser::{Answer, Application, Browser};
pub use clock::{Dice, TestClock};
pub use database::{Database, waiting};
pub use inbox::{Inbox, Received};
pub use module::module;
pub use server::{Options, TestServer};

/// Makes each `async fn name(database: Database)` two tests, `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($database:ident: Database) $body:block)*) => {$(
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports, reason = "tests differ in what they use")]
            use super::*;

            async fn run($database: $crate::Database) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run($crate::Database::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run($crate::Database::postgres().await).await;
            }
        }
    )*};
}
