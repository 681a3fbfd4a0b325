//! The tests of whole servers, in one program: what they link is linked once. A file of tests is a module here;
//! `cargo test -p keyway-testing tenants::` runs one.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod account_names;
mod audit;
mod audit_sign_in;
mod bench;
mod connector_uploads;
mod console_connectors;
mod console_tenants;
mod credential_guessing;
mod flow_walks;
mod host_header_trust;
mod idor_cross_tenant;
mod imported_passwords;
mod jobs;
mod languages;
mod lost_update;
mod lost_visitors;
mod masked_secret_reuse;
mod operations;
mod operators_tenant;
mod protocol;
mod retention;
mod session_fixation;
mod session_outlives_revocation;
mod sign_in_transactions;
mod sms_pumping;
mod tenants;
mod token_integrity;
mod user_enumeration;
mod user_search;

/// Without its line above, a file would be compiled by nobody.
#[test]
fn every_file_of_tests_is_a_module() {
    let modules = include_str!("main.rs");
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(name == "main" || modules.contains(&format!("\nmod {name};\n")), "{name}");
    }
}
