//! The master key: from the settings, or a file that is made at the first start.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use keyway_model::Rng;
use keyway_store::MasterKey;

use crate::settings::ServerSettings;

/// Reads 64 hex digits.
pub fn parse(text: &str) -> anyhow::Result<MasterKey> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.trim(), &mut bytes).context("the master key must be 64 hex digits")?;
    Ok(MasterKey::new(bytes))
}

/// The key of this installation, and the file's path when it was made just now.
pub fn open(settings: &ServerSettings, rng: &dyn Rng) -> anyhow::Result<(MasterKey, Option<String>)> {
    let folder = settings.data_dir();
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).with_context(|| format!("{}", folder.display()))?;
    if let Some(text) = &settings.master_key {
        return Ok((parse(text)?, None));
    }
    let path = folder.join("master.key");
    let mut bytes = [0; 32];
    rng.fill(&mut bytes);
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut file) => {
            writeln!(file, "{}", hex::encode(bytes))?;
            file.sync_all()?;
            Ok((MasterKey::new(bytes), Some(path.display().to_string())))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok((read(&path)?, None)),
        Err(error) => Err(error).with_context(|| format!("{} cannot be made", path.display())),
    }
}

fn read(path: &Path) -> anyhow::Result<MasterKey> {
    let for_others = std::fs::metadata(path)?.permissions().mode() & 0o077;
    anyhow::ensure!(for_others == 0, "{} can be read by others: chmod 600 it", path.display());
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    parse(&text).with_context(|| format!("{}", path.display()))
}
