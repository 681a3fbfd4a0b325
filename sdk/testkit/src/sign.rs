//! `keyway connector sign`: a detached signature in minisign's form, for servers that accept signed components alone.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use minisign::{KeyPair, PublicKey, SecretKeyBox};

use crate::lines::step;

/// Where the signature of a component lies.
pub fn signature_path(component: &Path) -> PathBuf {
    component.with_extension("wasm.minisig")
}

/// Signs a component with the key in `key`; the key is made when it is missing.
pub fn sign(component: &Path, key: &Path) -> anyhow::Result<()> {
    if !key.exists() {
        if let Some(folder) = key.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let pair = KeyPair::generate_unencrypted_keypair()?;
        write_secret(key, &pair.sk.to_box(Some("Keyway connector signing key"))?.into_string())?;
        step("key", format!("{} was made: keep it secret, and back it up", key.display()));
    }
    let text = std::fs::read_to_string(key).with_context(|| format!("{} cannot be read", key.display()))?;
    let secret = SecretKeyBox::from_string(&text)?.into_unencrypted_secret_key().with_context(|| {
        format!("{} is no unencrypted minisign key; sign with minisign itself instead", key.display())
    })?;
    let public = PublicKey::from_secret_key(&secret)?;
    let wasm = std::fs::read(component).with_context(|| format!("{} is missing", component.display()))?;
    let name = component.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let signature = minisign::sign(Some(&public), &secret, Cursor::new(wasm), Some(&format!("file:{name}")), None)?;
    let path = signature_path(component);
    std::fs::write(&path, signature.into_string())?;
    step("signed", path.display());
    step("public key", public.to_base64());
    step("next", "the server's operator lists the public key under [uploads] keys");
    Ok(())
}

/// Only its owner may read it.
fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use keyway_core::connectors::{Trust, TrustPolicy};

    use super::*;

    #[test]
    fn the_server_accepts_what_was_signed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (component, key) = (folder.path().join("a.wasm"), folder.path().join("keys/a.key"));
        std::fs::write(&component, b"component").unwrap();
        sign(&component, &key).unwrap();
        let signature = std::fs::read_to_string(signature_path(&component)).unwrap();
        let secret = SecretKeyBox::from_string(&std::fs::read_to_string(&key).unwrap()).unwrap();
        let public = PublicKey::from_secret_key(&secret.into_unencrypted_secret_key().unwrap()).unwrap().to_base64();
        let policy = TrustPolicy { policy: Trust::Signed, keys: vec![public.clone()], ..TrustPolicy::default() };
        assert_eq!(policy.judge(b"component", "", Some(&signature)).unwrap(), Some(public));
        assert!(policy.judge(b"Component", "", Some(&signature)).is_err());
        sign(&component, &key).unwrap();
    }
}
