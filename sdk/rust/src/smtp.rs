//! Mail over SMTP, spoken by the server. The manifest lists the feature `smtp` and the relay's host.

use crate::bindings::imports::keyway::host::smtp as host;
use crate::{Failure, code};

pub use host::{Mail, Relay, Security};

/// Sends a mail; returns the relay's last line.
pub fn send(relay: &Relay, mail: &Mail) -> Result<String, Failure> {
    crate::host::send_mail(relay, mail).map_err(|error| match error {
        host::Error::Denied(what) => Failure::new(code::GENERAL, format!("The relay was not allowed: {what}")),
        host::Error::Invalid(what) => Failure::new(code::INVALID_CONFIG, what),
        host::Error::Timeout => Failure::new(code::UNREACHABLE, "The relay did not answer in time."),
        host::Error::Unreachable(what) => {
            Failure::new(code::UNREACHABLE, format!("The relay cannot be reached: {what}"))
        }
        host::Error::Refused(what) => Failure::new(code::GENERAL, format!("The relay refused: {what}")),
    })
}
