//! Where things are.

use std::path::PathBuf;

/// The repository's root. Cargo says at run time where this package lies; the path of the build would be another clone's
/// when several share one target directory.
pub fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("xtask"), PathBuf::from);
    package.parent().map(PathBuf::from).unwrap_or_default()
}

/// Cargo's target directory.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Where the built connectors lie; the server embeds what it finds there.
pub fn connectors() -> PathBuf {
    target().join("connectors")
}

/// Where the components of the sandbox's tests lie; nothing embeds them.
pub fn fixtures() -> PathBuf {
    target().join("fixtures")
}
