//! Components to upload.

use std::path::Path;

/// The official connector of this name, with texts in place of others of the same length: another version, or a wrong one.
pub fn module(name: &str, changes: &[(&str, &str)]) -> Vec<u8> {
    let folder = std::env::var("KEYWAY_CONNECTORS").expect("run the tests by `cargo xtask test`");
    let path = Path::new(&folder).join(format!("{name}.wasm"));
    let mut wasm = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for (from, to) in changes {
        assert_eq!(from.len(), to.len());
        let places: Vec<usize> =
            wasm.windows(from.len()).enumerate().filter(|(_, one)| *one == from.as_bytes()).map(|(at, _)| at).collect();
        assert!(!places.is_empty(), "{from}");
        for at in places {
            wasm.splice(at..at + to.len(), to.bytes());
        }
    }
    wasm
}
