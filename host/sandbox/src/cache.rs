//! Compiled components on disk, by digest and engine. Native code is only loaded with this node's own MAC.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// The cache folder of a node, closed to other users of the machine.
pub struct Cache {
    folder: PathBuf,
    key: [u8; 32],
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
        if let Err(error) = sweep(folder) {
            tracing::warn!(%error, "the cache of compiled components cannot be tidied");
        }
        Ok(Self { folder: folder.to_owned(), key: *key })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.cwasm"))
    }

    /// The file stored under `name`, when it is there and its MAC over name and content is this node's.
    pub fn get(&self, name: &str) -> Option<PathBuf> {
        let path = self.path(name);
        let tag = std::fs::read(path.with_extension("mac")).ok()?;
        let expected = self.sign(name, &path).ok()?;
        // In constant time (documentation of blake3::Hash).
        (expected == blake3::Hash::from_slice(&tag).ok()?).then_some(path)
    }

    /// Over the name's length, the name and the content. BLAKE3 with a key takes a quarter of the time of HMAC-SHA-256, which
    /// was three quarters of the time of a load.
    fn sign(&self, name: &str, file: &Path) -> std::io::Result<blake3::Hash> {
        let mut signed = blake3::Hasher::new_keyed(&self.key);
        signed.update(&name.len().to_le_bytes());
        signed.update(name.as_bytes());
        signed.update_mmap(file)?;
        Ok(signed.finalize())
    }

    /// A file for what will be stored under `name`; nobody reads it before it is kept. One that is dropped is removed.
    pub fn draft(&self, name: &str) -> std::io::Result<Draft> {
        let temporary = self.path(name).with_extension(format!("{}.tmp", std::process::id()));
        Ok(Draft { file: std::fs::File::create(&temporary)?, temporary })
    }

    /// Stores a draft under `name`; a reader sees all of it or nothing.
    pub fn keep(&self, name: &str, draft: Draft) -> std::io::Result<()> {
        let path = self.path(name);
        let tag = self.sign(name, &draft.temporary)?;
        let temporary = draft.temporary.with_extension("mac.tmp");
        std::fs::write(&temporary, tag.as_bytes())?;
        std::fs::rename(&draft.temporary, &path)?;
        std::fs::rename(temporary, path.with_extension("mac"))
    }
}

/// A file of the cache that is being written.
pub struct Draft {
    /// Where to write.
    pub file: std::fs::File,
    temporary: PathBuf,
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.temporary);
    }
}

/// After this time a draft belongs to a process that died.
const STALE: Duration = Duration::from_hours(1);

/// Removes what a process left that died while it compiled.
fn sweep(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let is_draft = entry.path().extension().is_some_and(|extension| extension == "tmp");
        let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
        if is_draft && age > STALE {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::Cache;

    fn put(cache: &Cache, name: &str, bytes: &[u8]) {
        let mut draft = cache.draft(name).unwrap();
        draft.file.write_all(bytes).unwrap();
        cache.keep(name, draft).unwrap();
    }

    #[test]
    fn a_changed_or_foreign_file_is_not_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), &[1; 32]).unwrap();
        put(&cache, "a", b"native code");
        drop(cache.draft("b").unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "a draft leaves nothing behind");
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
