//! Redirect addresses: what may be registered and what matches (RFC 9700 section 4.1.3).

use url::{Host, Url};

use crate::Reason;

/// Checks an address at registration; the error says why it is refused.
pub fn check(uri: &str) -> Result<(), Reason> {
    if uri.len() > 2048 || uri.chars().any(|c| c.is_control() || c == '\\' || c == ' ') {
        return Err(Reason::AddressCharacters);
    }
    let Ok(url) = Url::parse(uri) else {
        return Err(Reason::AbsoluteAddress);
    };
    if url.fragment().is_some() {
        return Err(Reason::AddressWithFragment);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Reason::AddressWithCredentials);
    }
    if uri.contains('*') {
        return Err(Reason::AddressWithWildcard);
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) || is_private(&url) => Ok(()),
        "http" => Err(Reason::Https),
        "javascript" | "data" | "vbscript" | "file" | "blob" | "about" => Err(Reason::HttpsOrOwnScheme),
        _ => Ok(()),
    }
}

/// True when `requested` may be used by a client that registered `registered`: equal to the letter, except that the
/// port of a loopback address is free for native applications (RFC 8252 section 7.3; `localhost` likewise, which desktop
/// clients register although section 8.3 advises against it).
pub fn matches(registered: &[String], requested: &str, native: bool) -> bool {
    registered.iter().any(|uri| uri == requested || (native && equal_but_for_loopback_port(uri, requested)))
}

fn equal_but_for_loopback_port(registered: &str, requested: &str) -> bool {
    if check(requested).is_err() {
        return false;
    }
    let (Ok(mut registered), Ok(mut requested)) = (Url::parse(registered), Url::parse(requested)) else { return false };
    let own_machine = |url: &Url| match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    registered.scheme() == "http"
        && own_machine(&registered)
        && own_machine(&requested)
        && registered.set_port(None).is_ok()
        && requested.set_port(None).is_ok()
        && registered == requested
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Addresses and names that exist in a local network alone: private and shared ranges (RFC 1918, RFC 6598, RFC 4193), names of
/// one label, and the domains that are kept for this (RFC 2606, RFC 6762, Docker).
fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => {
            let [first, second, ..] = address.octets();
            address.is_private() || (first == 100 && (64..128).contains(&second))
        }
        Some(Host::Ipv6(address)) => address.is_unique_local(),
        Some(Host::Domain(name)) => {
            !name.contains('.')
                || [".test", ".local", ".internal", ".home.arpa"].iter().any(|suffix| name.ends_with(suffix))
        }
        None => false,
    }
}

/// Whether an origin may be listed for scripts: of the web, or of an application's own scheme with a host, such as
/// `capacitor://localhost`.
pub fn is_origin(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    match url.scheme() {
        "http" | "https" => url.origin().ascii_serialization() == text,
        "javascript" | "data" | "vbscript" | "file" | "blob" | "about" => false,
        scheme => url.host_str().is_some_and(|host| {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            !host.is_empty() && format!("{scheme}://{host}{port}") == text
        }),
    }
}

/// Scheme, host and port of an address as a browser writes an origin; `scheme:` for an application's own scheme.
pub fn origin(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    match url.scheme() {
        "http" | "https" => Some(url.origin().ascii_serialization()),
        scheme => Some(format!("{scheme}:")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uri_match_is_exact() {
        let registered = vec!["https://app.example.com/callback".to_owned()];
        assert!(matches(&registered, "https://app.example.com/callback", false));
        for attack in [
            "https://app.example.com/callback/",
            "https://app.example.com/callback?x=1",
            "https://app.example.com/Callback",
            "https://APP.example.com/callback",
            "https://app.example.com.evil.com/callback",
            "https://app.example.com@evil.com/callback",
            "https://app.example.com/callback/../evil",
            "https://app.example.com/callback%2e",
            "https://app.example.com\\@evil.com/callback",
            "http://app.example.com/callback",
            "https://app.example.com:444/callback",
        ] {
            assert!(!matches(&registered, attack, true), "{attack}");
        }
    }

    #[test]
    fn only_native_loopback_ports_are_free() {
        let registered = vec!["http://127.0.0.1/cb".to_owned(), "http://localhost:3000/callback".to_owned()];
        assert!(matches(&registered, "http://127.0.0.1:51234/cb", true));
        assert!(!matches(&registered, "http://127.0.0.1:51234/cb", false));
        assert!(matches(&registered, "http://localhost:4000/callback", true));
        assert!(!matches(&registered, "http://localhost:4000/callback", false));
        assert!(!matches(&registered, "http://localhost.evil.example:4000/callback", true));
        assert!(!matches(&registered, "http://127.0.0.1:51234/other", true));
    }

    #[test]
    fn registration_refuses_what_cannot_be_safe() {
        for good in
            ["https://a.example/cb", "http://localhost:3000/callback", "com.example.app:/cb", "http://192.168.1.5/cb"]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "javascript:alert(1)",
            "https://a/#x",
            "http://example.com/cb",
            "https://u:p@a/cb",
            "https://*.a.b/cb",
            "data:text/html,x",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
