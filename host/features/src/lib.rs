//! No code: one set of features for the crates that others have written, whichever of this repository's packages is built.
//!
//! Cargo gives a crate the features that the packages under build ask for together. Without this package `cargo test`,
//! `cargo build --package keyway` and the tool for connectors would ask for different ones, and each would compile the
//! databases' drivers, the sandbox's compiler and all below them anew. Both rooms at the bottom that have such dependencies,
//! `store` and `sandbox`, depend on this package; `cargo xtask test features` fails with the line that is missing here.
