//! Compiled components on disk, by digest and engine. Native code is only loaded with this node's own MAC.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use aws_lc_rs::{digest, hmac};

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
        if let Err(error) = sweep(folder) {
            tracing::warn!(%error, "the cache of compiled components cannot be tidied");
        }
        Ok(Self { folder: folder.to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, key) })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.cwasm"))
    }

    /// The file stored under `name`, when it is there and its MAC over name and content is this node's.
    pub fn get(&self, name: &str) -> Option<PathBuf> {
        let path = self.path(name);
        let stored = std::fs::read(path.with_extension("mac")).ok()?;
        let (nonce, tag) = stored.split_first_chunk()?;
        let expected = self.sign(name, &path, *nonce).ok()?;
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref(), tag).ok()?;
        Some(path)
    }

    /// GMAC (NIST SP 800-38D) under a key of the name's own. HMAC-SHA-256 took three quarters of the time of a load.
    fn sign(&self, name: &str, file: &Path, nonce: [u8; NONCE_LEN]) -> std::io::Result<Tag> {
        let failed = |_| std::io::Error::other("the MAC of a compiled component");
        let own = hmac::sign(&self.key, name.as_bytes());
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, own.as_ref()).map_err(failed)?);
        let file = std::fs::File::open(file)?;
        // SAFETY: the folder is closed to other users, and files in it are put in place whole and never changed.
        #[expect(unsafe_code, reason = "copying the file costs as much as authenticating it")]
        let content = unsafe { memmap2::Mmap::map(&file) }?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_separate_tag(nonce, Aad::from(&*content), &mut []).map_err(failed)
    }

    /// Removes what is stored under `name`.
    pub fn remove(&self, name: &str) {
        for extension in ["mac", "cwasm"] {
            let _ = std::fs::remove_file(self.path(name).with_extension(extension));
        }
    }

    /// Removes everything whose name `keep` refuses.
    pub fn retain(&self, keep: impl Fn(&str) -> bool) {
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_code = path.extension().is_some_and(|extension| extension == "cwasm" || extension == "mac");
            if is_code && path.file_stem().and_then(|name| name.to_str()).is_some_and(|name| !keep(name)) {
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// Bytes that are free on the folder's disk, where the system says it.
    pub fn free(&self) -> Option<u64> {
        let disk = rustix::fs::statvfs(&self.folder).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// A file for what will be stored under `name`; nobody reads it before it is kept. One that is dropped is removed.
    pub fn draft(&self, name: &str) -> std::io::Result<Draft> {
        let temporary = self.path(name).with_extension(format!("{}.tmp", std::process::id()));
        Ok(Draft { file: std::fs::File::create(&temporary)?, temporary })
    }

    /// Stores a draft under `name`; a reader sees all of it or nothing.
    pub fn keep(&self, name: &str, draft: Draft) -> std::io::Result<()> {
        let path = self.path(name);
        let nonce = nonce_of(&draft.temporary)?;
        let tag = self.sign(name, &draft.temporary, nonce)?;
        let temporary = draft.temporary.with_extension("mac.tmp");
        std::fs::write(&temporary, [&nonce, tag.as_ref()].concat())?;
        std::fs::rename(&draft.temporary, &path)?;
        std::fs::rename(temporary, path.with_extension("mac"))
    }
}

/// The nonce of a file is made of its content, so that no two contents have one. Read in parts: a big component is not held in
/// memory for it.
fn nonce_of(file: &Path) -> std::io::Result<[u8; NONCE_LEN]> {
    let mut content = digest::Context::new(&digest::SHA256);
    let mut file = std::fs::File::open(file)?;
    let mut part = vec![0; 64 * 1024];
    loop {
        match file.read(&mut part)? {
            0 => break,
            count => content.update(part.get(..count).unwrap_or_default()),
        }
    }
    let mut nonce = [0; NONCE_LEN];
    nonce.iter_mut().zip(content.finish().as_ref()).for_each(|(byte, from)| *byte = *from);
    Ok(nonce)
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

    #[test]
    fn what_is_not_kept_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), &[1; 32]).unwrap();
        for name in ["a-1", "b-1", "c-1"] {
            put(&cache, name, b"native code");
        }
        cache.remove("b-1");
        cache.retain(|name| name == "a-1");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        assert!(cache.get("a-1").is_some() && cache.free().is_some());
    }
}
