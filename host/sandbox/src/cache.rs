//! Compiled components on disk, by digest and engine. Native code is only loaded with this node's own MAC.

use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;

/// The cache folder of a node.
pub struct Cache {
    folder: PathBuf,
    key: hmac::Key,
}

impl Cache {
    /// A cache in `folder`, made when missing; `key` authenticates its files.
    pub fn new(folder: &Path, key: &[u8; 32]) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, key) })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.cwasm"))
    }

    /// The bytes stored under `name`, when they are there and carry this node's MAC over name and content.
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = std::fs::read(self.path(name)).ok()?;
        let content = bytes.len().checked_sub(32)?;
        let tag = bytes.split_off(content);
        let mut signed = name.as_bytes().to_vec();
        signed.extend_from_slice(&bytes);
        hmac::verify(&self.key, &signed, &tag).ok()?;
        Some(bytes)
    }

    /// Stores `bytes` under `name`; a reader sees all of it or nothing.
    pub fn put(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let mut signed = name.as_bytes().to_vec();
        signed.extend_from_slice(bytes);
        let tag = hmac::sign(&self.key, &signed);
        let mut content = bytes.to_vec();
        content.extend_from_slice(tag.as_ref());
        let temporary = self.folder.join(format!("{name}.{}.tmp", std::process::id()));
        std::fs::write(&temporary, content)?;
        std::fs::rename(temporary, self.path(name))
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;

    #[test]
    fn a_changed_or_foreign_file_is_not_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), &[1; 32]).unwrap();
        cache.put("a", b"native code").unwrap();
        assert_eq!(cache.get("a").unwrap(), b"native code");
        assert!(Cache::new(folder.path(), &[2; 32]).unwrap().get("a").is_none());
        std::fs::copy(folder.path().join("a.cwasm"), folder.path().join("b.cwasm")).unwrap();
        assert!(cache.get("b").is_none());
        let mut bytes = std::fs::read(folder.path().join("a.cwasm")).unwrap();
        bytes[0] ^= 1;
        std::fs::write(folder.path().join("a.cwasm"), bytes).unwrap();
        assert!(cache.get("a").is_none());
    }
}
