//! The released versions of the contract. Each is one adapter: what the host offers to a component, and how the component's
//! functions are called, in the sandbox's own terms. A new version is a file here and a line in [`RELEASED`].

pub mod v1_0;

use std::pin::Pin;

use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre, Linker};

use crate::call::{CallError, Message, Start};
use crate::host::HostState;

/// The newest version that this server speaks: its track is the major version, and a component of a newer minor version runs
/// unless it uses what is missing here.
pub const CONTRACT: &str = v1_0::CONTRACT.version;

/// Every version that components may have been built against, oldest first.
static RELEASED: [Contract; 1] = [v1_0::CONTRACT];

/// One released version.
pub struct Contract {
    /// Major and minor version.
    pub number: (u32, u32),
    /// The version as it stands in the names of interfaces.
    pub version: &'static str,
    /// What the host offers: functions by interface.
    pub offered: &'static [(&'static str, &'static [&'static str])],
    /// Adds what is offered, under this version's names.
    pub link: fn(&mut Linker<HostState>) -> wasmtime::Result<()>,
    /// Finds what a component of this version exports.
    pub adapt: fn(&InstancePre<HostState>) -> wasmtime::Result<Box<dyn ContractAdapter>>,
}

impl Contract {
    /// The functions of an interface that the host offers.
    pub fn functions(&self, interface: &str) -> Option<&'static [&'static str]> {
        self.offered.iter().find(|(name, _)| *name == interface).map(|(_, functions)| *functions)
    }
}

/// The newest contract that a component of this version can be held to: of the same track, and not newer than it.
pub fn serving(version: &str) -> Option<&'static Contract> {
    let mut parts = version.split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else { return None };
    RELEASED.iter().rfind(|contract| contract.number.0 == major && contract.number.1 <= minor)
}

/// Whether any version offers this interface.
pub fn is_offered(interface: &str) -> bool {
    RELEASED.iter().any(|contract| contract.functions(interface).is_some())
}

/// The contract of a component that exports these names: that of `meta`, which every connector has.
pub fn spoken<'n>(mut exports: impl Iterator<Item = &'n str>) -> Option<&'static Contract> {
    exports.find_map(|name| serving(name.strip_prefix("keyway:connector/meta@")?))
}

/// Adds what every version offers. A component is given the version that it names, or else the newest of its track.
pub fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    RELEASED.iter().try_for_each(|contract| (contract.link)(linker))
}

/// The functions that a component exports.
pub trait ContractAdapter: Send + Sync {
    /// Calls one; [`CallError::Missing`] where the component does not have it.
    fn call<'c>(
        &'c self,
        guest: Guest<'c>,
        function: Function<'c>,
    ) -> Pin<Box<dyn Future<Output = CallAnswer> + Send + 'c>>;
}

/// A function of a connector and what it is given beside the configuration.
#[derive(Clone, Copy)]
pub enum Function<'c> {
    /// Says what the component is.
    Describe,
    /// Applies the component's own rules to the configuration.
    Validate,
    /// Sends a message.
    Send(&'c Message),
    /// Says where a sign-in begins.
    AuthorizationUri(&'c Start),
    /// Finds the identity behind a callback, a JSON object.
    UserInfo(&'c str),
    /// The same with the provider's tokens.
    TokensAndUserInfo(&'c str),
    /// Gets new tokens for a refresh token.
    Refresh(&'c str),
}

/// The instance that a call runs in.
pub struct Guest<'c> {
    pub instance: Instance,
    pub store: &'c mut Store<HostState>,
    /// The configuration as the guest sees it.
    pub config: &'c str,
    /// Id of the component's factory.
    pub factory_id: &'c str,
}

/// What the guest returned, if it came to that.
pub type CallAnswer = Result<Result<String, Reported>, CallError>;

/// A failure in the guest's words, nothing masked yet.
pub struct Reported {
    pub code: String,
    pub message: String,
    pub data: Option<String>,
    pub retry_after_ms: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_held_to_the_newest_contract_of_its_track_that_is_not_newer() {
        let served = |version: &str| serving(version).map(|contract| contract.version);
        assert_eq!(served("1.0.0"), Some("1.0.0"));
        assert_eq!(served("1.7.2"), Some("1.0.0"));
        for other in ["0.9.0", "2.0.0", "10.0.0", "1", "1.", "1.x", ""] {
            assert_eq!(served(other), None, "{other}");
        }
    }

    #[test]
    fn released_contracts_stand_oldest_first_under_their_own_numbers() {
        assert!(RELEASED.is_sorted_by(|one, next| one.number < next.number));
        for contract in &RELEASED {
            let (major, minor) = contract.number;
            assert_eq!(contract.version, format!("{major}.{minor}.0"));
        }
        assert_eq!(RELEASED.last().map(|newest| newest.version), Some(CONTRACT));
    }
}
