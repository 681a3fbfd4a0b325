//! For languages without an SDK: the contract as one file, C bindings, and a component made of a core module.

use std::path::Path;

use anyhow::{Context as _, bail};
use wit_bindgen_core::Files;
use wit_component::StringEncoding;

use crate::sdk;

/// The worlds that a connector may implement.
const WORLDS: [&str; 4] = ["sms-connector", "email-connector", "social-connector", "social-token-connector"];

/// The contract as one WIT file: the connector's package first, the packages that it uses after it.
pub fn contract() -> String {
    let mut text = String::new();
    for (name, part) in sdk::contract() {
        if name.contains('/') {
            text.push_str(&nested(part));
        } else {
            text.insert_str(0, &format!("{part}\n"));
        }
    }
    text
}

/// A package in braces, the form in which one file holds several.
fn nested(package: &str) -> String {
    let mut text = String::new();
    for line in package.lines() {
        if line.starts_with("package ") {
            text.push_str(&line.replace(';', " {"));
        } else {
            text.push_str(line);
        }
        text.push('\n');
    }
    text + "}\n"
}

fn known(world: &str) -> anyhow::Result<()> {
    if !WORLDS.contains(&world) {
        bail!("{world:?} is no world of the contract; there are {}", WORLDS.join(", "));
    }
    Ok(())
}

/// Writes the contract and C bindings of a world into a folder.
pub fn write(world: &str, folder: &Path) -> anyhow::Result<()> {
    known(world)?;
    let contract = contract();
    let mut resolve = wit_bindgen_core::wit_parser::Resolve::default();
    let package = resolve.push_str("keyway.wit", &contract).context("the contract cannot be read")?;
    let id = resolve.select_world(&[package], Some(world)).context("the contract cannot be read")?;
    let mut files = Files::default();
    // The object file would bring the world's type; `keyway connector build` adds it in any language's module.
    let options = wit_bindgen_c::Opts { no_object_file: true, ..wit_bindgen_c::Opts::default() };
    options.build().generate(&mut resolve, id, &mut files)?;
    sdk::write(&folder.join("keyway.wit"), &contract)?;
    for (name, content) in files.iter() {
        let mut text = String::from_utf8_lossy(content).into_owned();
        if Path::new(name).extension().is_some_and(|extension| extension == "c") {
            // The code refers to that object file, so that linkers keep it.
            let stub = name.trim_end_matches(".c");
            text = format!("{text}\nvoid __component_type_object_force_link_{stub}(void) {{}}\n");
        }
        sdk::write(&folder.join(name), &text)?;
    }
    Ok(())
}

/// Bytes as a C array, which every compiler reads.
pub fn array(name: &str, bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(ToString::to_string).collect();
    format!("static const unsigned char {name}[] = {{{}}};\n", bytes.join(","))
}

/// A component of a core module that implements a world; a component stays as it is.
pub fn componentise(bytes: &[u8], world: &str) -> anyhow::Result<Vec<u8>> {
    known(world)?;
    if wasmparser::Parser::is_component(bytes) {
        return Ok(bytes.to_vec());
    }
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("keyway.wit", &contract()).context("the contract cannot be read")?;
    let id = resolve.select_world(&[package], Some(world)).context("the contract cannot be read")?;
    let mut module = bytes.to_vec();
    wit_component::embed_component_metadata(&mut module, &resolve, id, StringEncoding::UTF8)?;
    wit_component::ComponentEncoder::default().module(&module)?.validate(true).encode()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_world_has_c_bindings_and_an_unknown_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for world in WORLDS {
            write(world, folder.path()).unwrap();
            let header = std::fs::read_to_string(folder.path().join(format!("{}.h", world.replace('-', "_")))).unwrap();
            assert!(header.contains("keyway_host_http_fetch"), "{world}");
        }
        let refusal = write("fax-connector", folder.path()).unwrap_err().to_string();
        assert!(refusal.contains("fax-connector") && refusal.contains("sms-connector"), "{refusal}");
    }
}
