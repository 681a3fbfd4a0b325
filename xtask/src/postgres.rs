//! A private PostgreSQL server for the tests: its own folder and port, gone when the tests end.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::packages::is_root;

/// A running server; dropped, it stops and its folder is removed.
pub struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    /// Address of its `postgres` database.
    pub url: String,
}

impl Postgres {
    /// Starts the newest PostgreSQL of the machine; a crash of the machine may lose its data.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with("-c fsync=off")
    }

    /// As [`Self::start`], with every commit flushed to disk.
    pub fn start_durable() -> anyhow::Result<Self> {
        Self::start_with("")
    }

    fn start_with(more: &str) -> anyhow::Result<Self> {
        let bin = newest_bin()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("keyway-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let server = Self { bin, folder, url: format!("postgres://keyway@127.0.0.1:{port}/postgres") };
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&server.folder))?;
        }
        let data = server.folder.join("data");
        run(server.command("initdb").arg("-D").arg(&data).args(["-U", "keyway", "-A", "trust", "-E", "UTF8"]))?;
        let options = format!("-p {port} -k {} -c listen_addresses=127.0.0.1 {more}", server.folder.display());
        let log = server.folder.join("log");
        run(server.command("pg_ctl").arg("-D").arg(&data).args(["-w", "-o", &options, "-l"]).arg(log).arg("start"))?;
        Ok(server)
    }

    /// The address of a new database.
    pub fn create(&self, name: &str) -> anyhow::Result<String> {
        let server = self.url.trim_end_matches("/postgres");
        let port = server.rsplit(':').next().context("port")?;
        run(self.command("createdb").args(["-h", "127.0.0.1", "-U", "keyway", "-p", port, name]))?;
        Ok(format!("{server}/{name}"))
    }

    /// PostgreSQL refuses to run as root, so root runs it as the user that Debian's package made.
    fn command(&self, name: &str) -> Command {
        let program = self.bin.join(name);
        if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.join("data");
        let _ = run(self.command("pg_ctl").arg("-D").arg(data).args(["-m", "immediate", "stop"]));
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn newest_bin() -> anyhow::Result<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .context("PostgreSQL is missing: apt-get install postgresql")?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|path| path.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().context("PostgreSQL is missing: apt-get install postgresql")
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.current_dir("/").stdin(std::process::Stdio::null()).output()?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
