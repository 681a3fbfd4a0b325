//! Settings: flags, environment and a TOML file, in this order of precedence. Each is documented here once; the field's
//! name is its name in the file.

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use keyway_core::connectors::TrustPolicy;
use keyway_core::limits::Limits;
use keyway_sandbox::{Budgets, EgressPolicy};
use keyway_store::retention::Retention;
use serde::Deserialize;
use url::Url;

use crate::connections::ConnectionLimits;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])* $name:ident: $kind:ty = $env:literal;)*) => {
        /// Settings as given; what is absent has a default.
        #[derive(Debug, Clone, Default, Args, Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "snake_case")]
        pub struct ServerSettings {
            /// TOML file with any of the settings below, and the tables `limits`, `sandbox` and `uploads`
            #[arg(long, env = "KEYWAY_CONFIG")]
            #[serde(skip)]
            pub config: Option<PathBuf>,
            $($(#[doc = $doc])*
            #[arg(long, env = $env, hide_env_values = true)]
            pub $name: Option<$kind>,)*
            /// Limits on messages and guesses
            #[arg(skip)]
            pub limits: Option<Limits>,
            /// Budgets of a connector's call
            #[arg(skip)]
            pub sandbox: Option<Budgets>,
            /// Whose components may be uploaded
            #[arg(skip)]
            pub uploads: Option<TrustPolicy>,
        }

        impl ServerSettings {
            fn or(self, file: Self) -> Self {
                Self {
                    config: self.config,
                    $($name: self.$name.or(file.$name),)*
                    limits: self.limits.or(file.limits),
                    sandbox: self.sandbox.or(file.sandbox),
                    uploads: self.uploads.or(file.uploads),
                }
            }
        }
    };
}

settings! {
    /// Folder of the database, the master key and compiled connectors [default: keyway-data]
    data_dir: PathBuf = "KEYWAY_DATA_DIR";
    /// sqlite:PATH or postgres://USER@HOST/NAME [default: SQLite in the data folder]
    database_url: String = "KEYWAY_DATABASE_URL";
    /// Master key, 64 hex digits; several nodes need the same [default: the file master.key in the data folder]
    master_key: String = "KEYWAY_MASTER_KEY";
    /// Address to listen on [default: all, of IPv6 and of IPv4]
    host: IpAddr = "KEYWAY_HOST";
    /// Port of the users' tenant [default: 3001]
    port: u16 = "KEYWAY_PORT";
    /// Port of the operators' tenant [default: 3002]
    admin_port: u16 = "KEYWAY_ADMIN_PORT";
    /// Port on 127.0.0.1 of metrics, health and readiness; 0 turns it off [default: 9464]
    metrics_port: u16 = "KEYWAY_METRICS_PORT";
    /// Port on 127.0.0.1 of the pages of `serve --demo` [default: 3003]
    demo_port: u16 = "KEYWAY_DEMO_PORT";
    /// Public address of the users' tenant [default: http://localhost:PORT]
    endpoint: Url = "KEYWAY_ENDPOINT";
    /// Public address of the operators' tenant [default: http://localhost:ADMIN_PORT]
    admin_endpoint: Url = "KEYWAY_ADMIN_ENDPOINT";
    /// Comma-separated networks of proxies whose X-Forwarded-For is believed [default: none]
    trusted_proxies: String = "KEYWAY_TRUSTED_PROXIES";
    /// Comma-separated FROM=TO origins: sends a connector's traffic elsewhere [default: none]
    egress_rewrite: String = "KEYWAY_EGRESS_REWRITE";
    /// Comma-separated addresses, networks or host names, with or without a port, that connectors may reach though they are
    /// private; `FACTORY=ADDRESS` for one module alone [default: none]
    egress_allow: String = "KEYWAY_EGRESS_ALLOW";
    /// Reserve sandbox instances ahead; false on machines that limit virtual memory [default: true]
    sandbox_pooling: bool = "KEYWAY_SANDBOX_POOLING";
    /// Connections that may be open at once on a listener [default: 4096]
    max_connections: usize = "KEYWAY_MAX_CONNECTIONS";
    /// Connections of one address (IPv6: one /64) but those of trusted proxies [default: 256]
    max_connections_per_address: usize = "KEYWAY_MAX_CONNECTIONS_PER_ADDRESS";
    /// Sign-ins that one address begins in a minute, and writes that it sends to the sign-in pages and their API (IPv6: one /64, and four
    /// times as many of one /48); 0 sets no limit [default: 600]
    max_writes_per_minute: u32 = "KEYWAY_MAX_WRITES_PER_MINUTE";
    /// Whether programs on this machine that call without a proxy are free of the limits by address; never where a proxy on it
    /// sends no X-Forwarded-For [default: false]
    exempt_local: bool = "KEYWAY_EXEMPT_LOCAL";
    /// Days that the audit log is kept [default: 90]
    log_retention_days: u16 = "KEYWAY_LOG_RETENTION_DAYS";
    /// How log lines look [default: human]
    log_format: LogFormat = "KEYWAY_LOG_FORMAT";
    /// Which log lines: error, warn, info, debug, or a filter such as keyway_core=debug [default: info]
    log: String = "KEYWAY_LOG";
}

impl ServerSettings {
    /// Adds what the file says, where one is named.
    pub fn with_file(self) -> anyhow::Result<Self> {
        let Some(path) = self.config.clone() else { return Ok(self) };
        let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let file: Self = toml::from_str(&text).with_context(|| format!("{} is not as documented", path.display()))?;
        Ok(self.or(file))
    }

    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| PathBuf::from("keyway-data"))
    }

    pub fn database_url(&self) -> String {
        let default = || format!("sqlite:{}", self.data_dir().join("keyway.db").display());
        self.database_url.clone().unwrap_or_else(default)
    }

    /// The one address to listen on; none for all.
    pub fn host(&self) -> Option<IpAddr> {
        self.host
    }

    pub fn port(&self) -> u16 {
        self.port.unwrap_or(3001)
    }

    pub fn admin_port(&self) -> u16 {
        self.admin_port.unwrap_or(3002)
    }

    pub fn metrics_port(&self) -> u16 {
        self.metrics_port.unwrap_or(9464)
    }

    pub fn demo_port(&self) -> u16 {
        self.demo_port.unwrap_or(3003)
    }

    fn address(given: Option<&Url>, port: u16) -> anyhow::Result<Url> {
        match given {
            Some(url) => {
                let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
                anyhow::ensure!(
                    ["http", "https"].contains(&url.scheme()) && plain && url.path() == "/",
                    "{url} must be an origin such as https://id.example.com"
                );
                Ok(url.clone())
            }
            None => Ok(format!("http://localhost:{port}").parse()?),
        }
    }

    pub fn endpoint(&self) -> anyhow::Result<Url> {
        Self::address(self.endpoint.as_ref(), self.port()).context("endpoint")
    }

    pub fn admin_endpoint(&self) -> anyhow::Result<Url> {
        Self::address(self.admin_endpoint.as_ref(), self.admin_port()).context("admin_endpoint")
    }

    pub fn trusted_proxies(&self) -> anyhow::Result<Vec<IpNet>> {
        let text = self.trusted_proxies.as_deref().unwrap_or_default();
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let read = |entry: &str| {
            let address = || entry.parse::<IpAddr>().map(IpNet::from);
            entry.parse::<IpNet>().or_else(|_| address()).with_context(|| format!("trusted_proxies: {entry:?}"))
        };
        entries.map(read).collect()
    }

    pub fn connections(&self) -> anyhow::Result<ConnectionLimits> {
        Ok(ConnectionLimits {
            all: self.max_connections.unwrap_or(4096),
            per_address: self.max_connections_per_address.unwrap_or(256),
            proxies: self.trusted_proxies()?.into(),
            counts_local: !self.exempts_local(),
        })
    }

    pub fn exempts_local(&self) -> bool {
        self.exempt_local.unwrap_or(false)
    }

    pub fn writes_per_minute(&self) -> u32 {
        self.max_writes_per_minute.unwrap_or(600)
    }

    pub fn retention(&self) -> Retention {
        self.log_retention_days.map_or_else(Retention::default, |days| Retention { logs: i64::from(days) * 24 * 3600 })
    }

    pub fn egress(&self) -> anyhow::Result<EgressPolicy> {
        let rewrite = self.egress_rewrite.as_deref().unwrap_or_default();
        let allow = self.egress_allow.as_deref().unwrap_or_default();
        let policy = EgressPolicy::parse(rewrite, allow);
        let policy = policy.map_err(|error| anyhow::anyhow!("egress_rewrite or egress_allow: {error}"))?;
        Ok(policy.with_endpoint(&self.endpoint()?))
    }

    /// Refuses what a server would start with and serve nobody, or what contradicts itself.
    pub fn validate(&self) -> anyhow::Result<()> {
        self.trusted_proxies()?;
        self.egress()?;
        let connections = self.connections()?;
        anyhow::ensure!(connections.all > 0, "max_connections must be 1 at least");
        anyhow::ensure!(connections.per_address > 0, "max_connections_per_address must be 1 at least");
        anyhow::ensure!(self.log_retention_days != Some(0), "log_retention_days must be 1 at least");
        // Port 0 is any that is free, and no metrics.
        let is_same = |one: u16, other: u16| one == other && one != 0;
        let (port, admin_port, metrics_port) = (self.port(), self.admin_port(), self.metrics_port());
        anyhow::ensure!(!is_same(port, admin_port), "port and admin_port must differ");
        let is_used = is_same(metrics_port, port) || is_same(metrics_port, admin_port);
        anyhow::ensure!(!is_used, "metrics_port must differ from port and admin_port");
        let (users, operators) = (self.endpoint()?, self.admin_endpoint()?);
        let is_one = users.authority() == operators.authority() && users.port() != Some(0);
        anyhow::ensure!(!is_one, "endpoint and admin_endpoint must differ");
        let url = self.database_url();
        let is_known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
        anyhow::ensure!(is_known, "database_url must begin with sqlite:, postgres:// or postgresql://");
        let limits = serde_json::to_value(self.limits())?;
        for (name, number) in limits.as_object().into_iter().flatten() {
            anyhow::ensure!(number.as_i64().is_none_or(|number| number >= 0), "limits.{name} must not be negative");
        }
        Ok(())
    }

    pub fn limits(&self) -> Limits {
        self.limits.unwrap_or_default()
    }

    pub fn trust(&self) -> TrustPolicy {
        self.uploads.clone().unwrap_or_default()
    }

    pub fn budgets(&self) -> Budgets {
        self.sandbox.clone().unwrap_or_default()
    }
}

/// `keyway config check`
pub fn check(settings: &ServerSettings) -> anyhow::Result<()> {
    settings.validate()?;
    if let Some(key) = &settings.master_key {
        crate::master_key::parse(key).context("master_key")?;
    }
    println!("data_dir         {}", settings.data_dir().display());
    println!("database         {}", without_password(&settings.database_url()));
    let host = settings.host().map_or_else(|| "all addresses, port ".into(), |host| format!("{host}, port "));
    println!("endpoint         {} on {host}{}", settings.endpoint()?, settings.port());
    println!("admin_endpoint   {} on {host}{}", settings.admin_endpoint()?, settings.admin_port());
    println!("metrics          127.0.0.1:{}", settings.metrics_port());
    println!("trusted_proxies  {:?}", settings.trusted_proxies()?);
    println!("limits           {:?}", settings.limits());
    println!("sandbox          {:?}", settings.budgets());
    println!("uploads          {:?}", settings.trust());
    println!("The settings are in order.");
    Ok(())
}

fn without_password(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    if parsed.password().is_some() && parsed.set_password(Some("…")).is_ok() { parsed.into() } else { url.to_owned() }
}

#[cfg(test)]
mod tests {
    use keyway_core::connectors::Trust;

    use super::*;

    #[test]
    fn what_would_serve_nobody_is_refused() {
        let check = |text: &str| toml::from_str::<ServerSettings>(text).unwrap().validate();
        check("").unwrap();
        check("port = 0\nadmin_port = 0\nmetrics_port = 0").unwrap();
        for bad in [
            "max_connections = 0",
            "max_connections_per_address = 0",
            "log_retention_days = 0",
            "port = 3002",
            "metrics_port = 3001",
            "endpoint = \"https://id.example.com\"\nadmin_endpoint = \"https://id.example.com\"",
            "database_url = \"mysql://localhost/keyway\"",
            "[limits]\nsends_per_recipient_hour = -1",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn flags_win_over_the_file_and_unknown_settings_are_refused() {
        let file: ServerSettings =
            toml::from_str("port = 1\nhost = \"127.0.0.1\"\n[limits]\nsends_per_recipient_hour = 9").unwrap();
        let merged = ServerSettings { port: Some(2), ..ServerSettings::default() }.or(file);
        assert_eq!((merged.port(), merged.host()), (2, Some([127, 0, 0, 1].into())));
        assert_eq!(merged.limits().sends_per_recipient_hour, 9);
        assert!(toml::from_str::<ServerSettings>("prot = 1").is_err());
        assert!(toml::from_str::<ServerSettings>("[limits]\nsends = 1").is_err());
        let tight: ServerSettings = toml::from_str("[sandbox]\ncpu_ms = 40\nmemory = 1000").unwrap();
        assert_eq!((tight.budgets().cpu.as_millis(), tight.budgets().memory, tight.budgets().fetches), (40, 1000, 8));
        assert!(toml::from_str::<ServerSettings>("[sandbox]\ncpu = 40").is_err());
        let signed: ServerSettings = toml::from_str("[uploads]\npolicy = \"signed\"\nkeys = [\"RWQ\"]").unwrap();
        assert_eq!((signed.trust().policy, signed.trust().keys.len()), (Trust::Signed, 1));
        assert!(toml::from_str::<ServerSettings>("[uploads]\npolicy = \"some\"").is_err());
    }

    #[test]
    fn an_endpoint_is_an_origin() {
        let with = |text: &str| ServerSettings { endpoint: text.parse().ok(), ..ServerSettings::default() }.endpoint();
        assert!(with("https://id.example.com").is_ok() && with("http://localhost:3001/").is_ok());
        for bad in ["ftp://a", "https://a/path", "https://a/?x=1", "https://u@a/"] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_of_databases_are_not_shown() {
        assert!(!without_password("postgres://a:secret@h/db").contains("secret"));
    }
}
