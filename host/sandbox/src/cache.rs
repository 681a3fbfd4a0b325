//! Compiled components on disk, by digest and engine. Native code is only loaded with this node's own MAC.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;

/// The cache folder of a node, closed to other users of the machine.
pub struct Cache {
    folder: PathBuf,
    key: hmac::Key,
}

impl Cache {
    /// A cache in `folder`, made when missing; `key` authenticates its files.
    pub fn new(folder: &Path, key: &[u8; 32]) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self { folder: folder.to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, key) })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.cwasm"))
    }

    /// The file stored under `name`, when it is there and its MAC over name and content is this node's.
    pub fn get(&self, name: &str) -> Option<PathBuf> {
        let path = self.path(name);
        let tag = std::fs::read(path.with_extension("mac")).ok()?;
        let mut signed = hmac::Context::with_key(&self.key);
        signed.update(name.as_bytes());
        let mut file = std::fs::File::open(&path).ok()?;
        let mut chunk = vec![0; 64 * 1024];
        loop {
            match file.read(&mut chunk).ok()? {
                0 => break,
                count => signed.update(chunk.get(..count)?),
            }
        }
        let expected = signed.sign();
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref(), &tag).ok()?;
        Some(path)
    }

    /// Stores `bytes` under `name`; a reader sees all of it or nothing.
    pub fn put(&self, name: &str, bytes: &[u8]) -> std::io::Result<PathBuf> {
        let path = self.path(name);
        let mut signed = hmac::Context::with_key(&self.key);
        signed.update(name.as_bytes());
        signed.update(bytes);
        let tag = signed.sign();
        for (path, content) in [(&path, bytes), (&path.with_extension("mac"), tag.as_ref())] {
            let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
            std::fs::write(&temporary, content)?;
            std::fs::rename(temporary, path)?;
        }
        Ok(path)
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
        assert_eq!(std::fs::read(cache.get("a").unwrap()).unwrap(), b"native code");
        assert!(Cache::new(folder.path(), &[2; 32]).unwrap().get("a").is_none());
        for extension in ["cwasm", "mac"] {
            let file = |name: &str| folder.path().join(name).with_extension(extension);
            std::fs::copy(file("a"), file("b")).unwrap();
        }
        assert!(cache.get("b").is_none());
        std::fs::write(folder.path().join("a.cwasm"), b"Native code").unwrap();
        assert!(cache.get("a").is_none());
    }
}
