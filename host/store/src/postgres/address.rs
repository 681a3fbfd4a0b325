//! The address of a PostgreSQL server, as libpq's clients know it: a URL, what its query adds, and the environment where both are silent.

use std::collections::BTreeMap;
use std::path::Path;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use super::tls::{self, Check};
use crate::StoreError;

/// Variables of the environment, and the parameter that each gives.
const ENVIRONMENT: [(&str, &str); 12] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "host"),
    ("PGPORT", "port"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGDATABASE", "dbname"),
    ("PGAPPNAME", "application_name"),
    ("PGOPTIONS", "options"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
];

/// Folders where a server of this machine has its socket.
const SOCKETS: [&str; 3] = ["/var/run/postgresql", "/private/tmp", "/tmp"];

/// Where the server is, who asks, and how the connection is encrypted.
#[derive(Clone)]
pub(crate) struct Address {
    /// Everything but the certificates.
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
}

type UrlParameters = BTreeMap<String, String>;

fn decoded(text: &str) -> Result<String, StoreError> {
    percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| StoreError::Url)
}

/// Other spellings of a parameter.
fn canonical(name: &str) -> &str {
    match name {
        "hostaddr" => "host",
        "ssl-mode" => "sslmode",
        "ssl-root-cert" | "ssl-ca" => "sslrootcert",
        "ssl-cert" => "sslcert",
        "ssl-key" => "sslkey",
        name => name,
    }
}

fn parameters(url: &str, environment: impl Fn(&str) -> Option<String>) -> Result<UrlParameters, StoreError> {
    let url = Url::parse(url).map_err(|_| StoreError::Url)?;
    let of_environment =
        ENVIRONMENT.iter().filter_map(|(variable, name)| Some(((*name).to_owned(), environment(variable)?)));
    let mut all: UrlParameters = of_environment.collect();
    let of_url = [
        ("host", url.host_str().unwrap_or_default()),
        ("user", url.username()),
        ("password", url.password().unwrap_or_default()),
        ("dbname", url.path().trim_start_matches('/')),
    ];
    for (name, value) in of_url.into_iter().filter(|(_, value)| !value.is_empty()) {
        all.insert(name.into(), decoded(value)?);
    }
    if let Some(port) = url.port() {
        all.insert("port".into(), port.to_string());
    }
    for (name, value) in url.query_pairs() {
        // A parameter of the session, such as `options[search_path]`, is one more option.
        let session = name.strip_prefix("options[").and_then(|name| name.strip_suffix(']'));
        let option =
            session.map(|name| format!("-c {name}={value}")).or_else(|| (name == "options").then(|| value.to_string()));
        match option {
            Some(option) => {
                let options = all.entry("options".into()).or_default();
                options.push(' ');
                options.push_str(&option);
            }
            None => {
                all.insert(canonical(&name).to_owned(), value.into_owned());
            }
        }
    }
    Ok(all)
}

impl Address {
    /// Reads a URL. What an unknown parameter asks for cannot be left out in silence, so it is an error where it is about encryption, and is
    /// logged elsewhere.
    pub fn read(url: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self, StoreError> {
        let mut all = parameters(url, environment)?;
        let mut config = Config::new();
        let port: u16 = all.remove("port").map_or(Ok(5432), |port| port.parse()).map_err(|_| StoreError::Url)?;
        config.port(port);
        let socket = || SOCKETS.iter().find(|folder| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists());
        let host = all.remove("host").unwrap_or_else(|| (*socket().unwrap_or(&"localhost")).to_owned());
        if host.starts_with('/') {
            config.host_path(host)
        } else {
            config.host(host)
        };
        let take = |all: &mut UrlParameters, name| all.remove(name).filter(|value| !value.is_empty());
        let mode = take(&mut all, "sslmode");
        let (mode, check) = match mode.as_deref() {
            Some("disable" | "allow") => (SslMode::Disable, Check::Nothing),
            None | Some("prefer") => (SslMode::Prefer, Check::Nothing),
            Some("require") => (SslMode::Require, Check::Nothing),
            Some("verify-ca") => (SslMode::Require, Check::Authority),
            Some("verify-full") => (SslMode::Require, Check::Name),
            Some(_) => return Err(StoreError::Url),
        };
        config.ssl_mode(mode);
        let (root, certificate, key) =
            (take(&mut all, "sslrootcert"), take(&mut all, "sslcert"), take(&mut all, "sslkey"));
        let tls = tls::connector(check, root.as_deref(), certificate.as_deref().zip(key.as_deref()))?;
        for (name, value) in all {
            match name.as_str() {
                "user" => config.user(value),
                "password" => config.password(value),
                "dbname" => config.dbname(value),
                "application_name" => config.application_name(value),
                "options" => config.options(value),
                name if name.starts_with("ssl") => return Err(StoreError::Url),
                name => {
                    tracing::warn!(name, "an unknown parameter of the database's address is ignored");
                    continue;
                }
            };
        }
        Ok(Self { config, tls })
    }
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::Host;

    use super::*;

    fn read(url: &str) -> Result<Config, StoreError> {
        Address::read(url, |_| None).map(|address| address.config)
    }

    #[test]
    fn a_url_says_everything() {
        let url = "postgres://an%40n:s%2Fecret@db.example.com:5433/key%20way?application_name=x&options[search_path]=a&options=-c%20b%3D1";
        let config = read(url).unwrap();
        assert_eq!(config.get_hosts(), [Host::Tcp("db.example.com".into())]);
        assert_eq!(
            (config.get_ports(), config.get_user(), config.get_dbname()),
            (&[5433][..], Some("an@n"), Some("key way"))
        );
        assert_eq!(config.get_password(), Some(&b"s/ecret"[..]));
        assert_eq!(
            (config.get_application_name(), config.get_options()),
            (Some("x"), Some(" -c search_path=a -c b=1"))
        );
        assert_eq!(config.get_ssl_mode(), SslMode::Prefer);
    }

    #[test]
    fn the_environment_says_what_the_url_does_not() {
        let environment = |name: &str| match name {
            "PGPASSWORD" => Some("secret".to_owned()),
            "PGHOST" | "PGUSER" => Some("other".to_owned()),
            _ => None,
        };
        let config = Address::read("postgresql:///keyway?host=%2Fsockets&user=ann", environment).unwrap().config;
        assert_eq!((config.get_user(), config.get_password()), (Some("ann"), Some(&b"secret"[..])));
        assert_eq!(config.get_hosts(), [Host::Unix("/sockets".into())]);
    }

    #[test]
    fn downgrade_of_tls_by_a_mode_that_is_not_known() {
        let mode = |mode: &str| read(&format!("postgres://h/d?sslmode={mode}"));
        assert_eq!(mode("disable").unwrap().get_ssl_mode(), SslMode::Disable);
        for strict in ["require", "verify-ca", "verify-full"] {
            assert_eq!(mode(strict).unwrap().get_ssl_mode(), SslMode::Require, "{strict}");
        }
        assert!(matches!(mode("verify-fulll"), Err(StoreError::Url)));
        assert!(matches!(read("postgres://h/d?sslcrl=a"), Err(StoreError::Url)));
        assert!(matches!(read("postgres://h/d?sslrootcert=/nowhere&sslmode=verify-full"), Err(StoreError::Url)));
    }
}
