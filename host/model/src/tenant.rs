//! Tenants: each has its own issuer, users, connectors, settings and keys, and its own address.

use crate::{ErrorCode, Reason, Refusal, TenantId, Timestamp};

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Id.
    pub id: TenantId,
    /// For operators.
    pub name: String,
    /// Where browsers and programs reach it; the settings of the server say it of the two tenants that are always there.
    pub address: Option<TenantAddress>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The public address of a tenant: a scheme and a host, with a port where it is not the usual one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantAddress {
    /// As an address, without a slash at its end.
    pub endpoint: String,
    /// As in the `Host` header: what leads a request to its tenant.
    pub host: String,
}

impl TenantAddress {
    /// Reads `https://id.example.com`. Plain http is for tests on one machine and is taken for `localhost` alone.
    pub fn parse(endpoint: &str) -> Result<Self, Refusal> {
        let refused = |reason: Reason| Err(Refusal::invalid_input("address", reason));
        let Some((scheme, host)) = endpoint.trim_end_matches('/').split_once("://") else {
            return refused(Reason::TenantAddress);
        };
        let name = host.split(':').next().unwrap_or_default();
        let is_local = name == "localhost" || name.ends_with(".localhost");
        if scheme != "https" && !(scheme == "http" && is_local) {
            return refused(Reason::TenantScheme);
        }
        let port = host.split_once(':').map(|(_, port)| port);
        let is_port = |port: &str| port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port);
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if host.len() > 255 || !name.split('.').all(is_label) || !port.is_none_or(is_port) {
            return refused(Reason::TenantHost);
        }
        // Browsers leave the usual port out of `Host`.
        let usual = if scheme == "https" { ":443" } else { ":80" };
        let host = host.strip_suffix(usual).unwrap_or(host);
        // A proxy may leave out either of them, so that a host with the other would not be told from one without.
        if host.ends_with(":443") || host.ends_with(":80") {
            return refused(Reason::TenantHost);
        }
        Ok(Self { endpoint: format!("{scheme}://{host}"), host: host.to_owned() })
    }
}

impl TenantId {
    /// Whether a tenant may be made with this id: it ends in the address of its Management API, in cookies and in metrics.
    pub fn check_new(&self) -> Result<(), Refusal> {
        let bytes = self.0.as_bytes();
        let fits = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        let ends = [bytes.first(), bytes.last()].into_iter().all(|byte| byte.is_some_and(|byte| *byte != b'-'));
        if !(1..=32).contains(&bytes.len()) || !bytes.iter().all(fits) || !ends {
            return Err(Refusal::invalid_input("id", Reason::HostCharacters { least: 1, most: 32 }));
        }
        if self.0 == "new" {
            return Err(Refusal::invalid_input("id", Reason::Reserved));
        }
        if Self::permanent().contains(self) {
            return Err(ErrorCode::TenantIdInUse.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_one_tenant_however_it_is_written() {
        let host = |endpoint: &str| TenantAddress::parse(endpoint).ok().map(|address| address.host);
        for (endpoint, expected) in [
            ("https://id.example.com", "id.example.com"),
            ("https://id.example.com/", "id.example.com"),
            ("https://id.example.com:443", "id.example.com"),
            ("https://id.example.com:8443", "id.example.com:8443"),
            ("http://acme.localhost:3001", "acme.localhost:3001"),
        ] {
            assert_eq!(host(endpoint).as_deref(), Some(expected), "{endpoint}");
        }
        for refused in [
            "",
            "id.example.com",
            "http://id.example.com",
            "https://",
            "https://ID.example.com",
            "https://id..example.com",
            "https://user@id.example.com",
            "https://id.example.com/path",
            "https://id.example.com?x",
            "https://id.example.com:0",
            "https://id.example.com:http",
            "https://id.example.com:1:2",
            "ftp://localhost",
        ] {
            assert_eq!(host(refused), None, "{refused}");
        }
    }

    #[test]
    fn an_id_is_a_name_that_is_free() {
        for (id, is_free) in [
            ("acme", true),
            ("a-1", true),
            ("default", false),
            ("admin", false),
            ("", false),
            ("Acme", false),
            ("-a", false),
            ("a b", false),
            ("../a", false),
        ] {
            assert_eq!(TenantId::from(id).check_new().is_ok(), is_free, "{id}");
        }
    }
}
