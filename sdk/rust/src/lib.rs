//! Write a Keyway connector in Rust: implement [`Sms`], name it in [`export_sms!`], build it for
//! `wasm32-unknown-unknown`, and upload the component.
//!
//! ```ignore
//! use keyway_connector::{export_sms, manifest, Failure, Manifest, Message, Sent, Sms};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields, rename_all = "camelCase")]
//! struct Config { endpoint: String }
//!
//! struct Example;
//! impl Sms for Example {
//!     type Config = Config;
//!     fn manifest() -> Manifest { Manifest::sms("example-sms", "Example", "0.1.0").host("api.example.com") }
//!     fn send(config: &Config, message: &Message) -> Result<Sent, Failure> { … }
//! }
//! export_sms!(Example);
//! ```

mod arena;
mod failure;
mod host;
pub mod http;
mod manifest;
mod message;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
pub mod secret;
pub mod time;

pub use failure::{Failure, code};
pub use manifest::{Form, Manifest};
pub use message::{Message, Sent, Sms};
pub use secret::Secret;

/// Guest bindings made from `wit/`; connectors use the types around them.
#[doc(hidden)]
#[expect(clippy::same_length_and_capacity, reason = "generated code")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "sms-connector",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "keyway_connector::bindings",
        export_macro_name: "export_sms_world",
    });
}

/// What the exporting macro calls; not for connectors.
#[doc(hidden)]
pub mod __private {
    pub use crate::manifest::Built;
    pub use crate::message::{SendFn, describe, send, validate};
}

/// Writes a line to the connector's log, which the admin reads. Secrets and recipients are masked by the host.
pub fn log(message: &str) {
    host::log(message);
}

/// Milliseconds since the Unix epoch, from the server's clock.
pub fn now_ms() -> u64 {
    host::now_ms()
}

/// A random UUID from the server's cryptographic random source.
pub fn uuid() -> String {
    host::uuid()
}

/// Exports a type that implements [`Sms`] as the component's `sms-connector` world.
#[macro_export]
macro_rules! export_sms {
    ($connector:ty) => {
        #[doc(hidden)]
        struct __KeywayExports;

        impl $crate::bindings::exports::keyway::connector::meta::Guest for __KeywayExports {
            fn describe() -> String {
                $crate::__private::describe::<$connector>()
            }
        }
        impl $crate::bindings::exports::keyway::connector::config::Guest for __KeywayExports {
            fn validate(
                config: String,
            ) -> Result<(), $crate::bindings::keyway::connector::types::Failure> {
                $crate::__private::validate::<$connector>(&config)
            }
        }
        impl $crate::bindings::exports::keyway::connector::sms::Guest for __KeywayExports {
            fn send(
                config: String,
                message: $crate::bindings::keyway::connector::types::Message,
            ) -> Result<String, $crate::bindings::keyway::connector::types::Failure> {
                $crate::__private::send::<$connector>(&config, message)
            }
        }
        // A native build, for unit tests, exports nothing but still checks and uses the code.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() -> String = $crate::__private::describe::<$connector>;
        #[cfg(not(target_arch = "wasm32"))]
        const _: $crate::__private::SendFn = $crate::__private::send::<$connector>;
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::export_sms_world!(__KeywayExports with_types_in $crate::bindings);
    };
}
