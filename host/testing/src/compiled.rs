//! The code that the inbox connector is compiled to, which every server needs: the first ones compile it, the others begin with it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Mutex;

/// Each piece of code with what authenticates it, by the names of the files.
static FILES: Mutex<BTreeMap<OsString, Vec<u8>>> = Mutex::new(BTreeMap::new());

/// Puts what another server compiled into a server's cache.
pub fn restore(cache: &Path) {
    for (name, bytes) in &*FILES.lock().unwrap() {
        std::fs::write(cache.join(name), bytes).unwrap();
    }
}

/// Remembers what a server compiled the component of this digest to.
pub fn keep(cache: &Path, digest: &str) {
    let mut files = FILES.lock().unwrap();
    for entry in std::fs::read_dir(cache).into_iter().flatten().flatten() {
        // What authenticates code is written after it.
        let mac = entry.path();
        let is_mac = mac.extension().is_some_and(|extension| extension == "mac");
        let is_its = is_mac && entry.file_name().to_string_lossy().starts_with(digest);
        if !is_its || files.contains_key(&entry.file_name()) {
            continue;
        }
        let code = mac.with_extension("cwasm");
        if let (Ok(tag), Ok(bytes)) = (std::fs::read(&mac), std::fs::read(&code)) {
            files.insert(code.file_name().unwrap().to_owned(), bytes);
            files.insert(entry.file_name(), tag);
        }
    }
}
